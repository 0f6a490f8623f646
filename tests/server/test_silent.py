"""Who gives way when too many have not said who they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gameroom.server.silent import Silent


def filled(silent: Silent[str], *items: str) -> list[str | None]:
    """Put items whose first letter is their address; who gave way each time."""
    return [silent.put(item, item[0]) for item in items]


def test_an_address_holds_so_many_and_its_own_oldest_gives_way() -> None:
    silent: Silent[str] = Silent(10, 2)
    assert filled(silent, "a1", "b1", "a2", "a3", "a4") == [None, None, None, "a1", "a2"]
    assert len(silent) == 3


def test_beyond_the_total_the_one_with_the_most_gives_way() -> None:
    silent: Silent[str] = Silent(4, 10)
    assert filled(silent, "n1", "a1", "a2", "a3", "m1", "o1") == [None] * 4 + ["a1", "a2"]
    assert filled(silent, "p1") == ["n1"], "when nobody has two, the quietest"


def test_a_sign_of_life_is_a_new_beginning() -> None:
    silent: Silent[str] = Silent(3, 3)
    filled(silent, "a1", "b1", "c1")
    assert filled(silent, "a1", "d1") == [None, "b1"]
    silent = Silent(10, 2)
    assert filled(silent, "a1", "a2", "a1", "a3") == [None, None, None, "a2"]


def test_an_item_may_change_its_address() -> None:
    silent: Silent[str] = Silent(10, 1)
    silent.put("x", "proxy 1")
    silent.put("y", "a")
    assert silent.put("x", "a") == "y"
    assert len(silent) == 1


def most(items: list[tuple[int, str]]) -> set[str]:
    """The keys that have the most items."""
    counts = {key: sum(of == key for _, of in items) for _, key in items}
    return {key for key in counts if counts[key] == max(counts.values())}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "drop", "pop"]), st.integers(0, 7), st.sampled_from("abc")
        )
    ),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_like_looking_at_all_of_them_each_time(
    steps: list[tuple[str, int, str]], total_max: int, per_key_max: int
) -> None:
    silent: Silent[int] = Silent(total_max, per_key_max)
    items: list[tuple[int, str]] = []
    for step, item, key in steps:
        if step != "pop":
            items = [one for one in items if one[0] != item]
        if step == "drop":
            silent.drop(item)
            continue
        if step == "put":
            items.append((item, key))
            gone = silent.put(item, key)
        else:
            gone = silent.pop()
        own = step == "put" and sum(of == key for _, of in items) > per_key_max
        assert (gone is not None) == (own or len(items) > (total_max if step == "put" else 0))
        if gone is not None:
            of = dict(items)[gone]
            assert of == key if own else of in most(items)
            assert gone == next(one for one, its in items if its == of), "its quietest"
            items.remove((gone, of))
        assert len(silent) == len(items)
