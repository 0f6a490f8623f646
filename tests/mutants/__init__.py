"""Tests of the tests: changes one thing in a module and looks whether a test fails.

    python -m tests.mutants chart lockstep room wire

A mutant is a module with one node of its syntax tree changed. A test that fails kills it. A
mutant that no test kills survives: the tests don't hold what it changed, or it is equivalent
and changes nothing that anybody can see. docs/mutants.md explains how to read the report.

- `changes` makes the mutants of a module;
- `suite` runs pytest in forked processes: to see which test reaches which line, and for mutants;
- `living` puts a mutant into functions that are imported already, `importing` into an import;
- `results` keeps what is known, so that an interrupted run continues where it was;
- `report` writes the tables of docs/mutants.md, with the reasons of reasons.toml.
"""
