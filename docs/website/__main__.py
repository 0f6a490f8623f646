"""Build the website: `python -m docs.website [FOLDER]`, build/site without a folder.

DOCS_URL in the environment is where the site will be; with it the links of llms.txt are whole
addresses, and each page names its own. Warnings are errors, and so is a link that leads nowhere.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from docs.website import charts, contents, links, llms, pages, screenshots

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else ROOT / "build" / "site").resolve()
    source, site = folder / "source", folder / "html"
    for old in (source, site):
        shutil.rmtree(old, ignore_errors=True)
    written = pages.read(DOCS)
    filled = pages.filled(written, ROOT)
    _say("pictures")
    _draw(pages.pictures(written), source / pages.PICTURES)
    _copy(filled, source)
    _say("pages")
    options = ["-W", "--keep-going", "-q", "-j", "auto", "-c", DOCS, "-d", folder / "doctrees"]
    command = [sys.executable, "-m", "sphinx", "-b", "html", *options, source, site]
    if subprocess.run(list(map(str, command)), cwd=ROOT, check=False).returncode:
        return 1
    shutil.copytree(source, site, dirs_exist_ok=True)
    parts = contents.parts(written[contents.INDEX])
    summary = contents.summary(written[contents.INDEX])
    text = llms.llms_text(summary, parts, os.environ.get("DOCS_URL", ""))
    (site / "llms.txt").write_text(text, encoding="utf-8")
    return _check(filled, source, site)


def _draw(names: set[str], folder: Path) -> None:
    folder.mkdir(parents=True)
    shots = set()
    for name in names:
        stem, _, mode = name.rpartition("-light")
        assert mode, name
        if stem.startswith("chart-"):
            drawn = charts.chart(stem.removeprefix("chart-"), DOCS)
            for mode, picture in zip(("light", "dark"), drawn, strict=True):
                (folder / f"{stem}-{mode}.svg").write_text(picture, encoding="utf-8")
        else:
            shots.add(stem)
    asyncio.run(screenshots.take(shots, folder))


def _copy(filled: dict[str, str], source: Path) -> None:
    for page, text in filled.items():
        (source / page).parent.mkdir(parents=True, exist_ok=True)
        (source / page).write_text(text, encoding="utf-8")
    for where, path in pages.files(filled, DOCS).items():
        (source / where).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, source / where)


def _check(filled: dict[str, str], source: Path, site: Path) -> int:
    """Every link of the Markdown twins and of the HTML pages leads somewhere."""
    others = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    found = links.broken(filled, others - filled.keys())
    in_html, external = links.broken_in(site)
    found += in_html
    _say(f"{len(filled)} pages, {len(external)} addresses of other sites, which were not asked:")
    print("\n".join(sorted(external)))
    for one in found:
        print(f"broken link: {one}", file=sys.stderr)
    return 1 if found else 0


def _say(what: str) -> None:
    print(f"\033[1m==> {what}\033[0m", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
