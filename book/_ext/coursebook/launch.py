"""Where the course lives, and the buttons that open a page in Colab or Binder, or download it.

`_config.yml` says it once; the publishing workflow overrides it through the environment.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

from .cache import digest

HOST = "https://github.com/"
ADDRESSES = (
    *("COURSE_REPOSITORY", "GITHUB_REPOSITORY", "COURSE_BRANCH"),
    *("COURSE_NOTEBOOK_BRANCH", "COURSE_SITE"),
)
NOTEBOOKS = "_notebooks"  # in the built book
NOTEBOOK_BUTTON = "download-notebook-button"


def repository_address(name: str) -> str:
    """The address of ``owner/name``; an address stays as it is."""
    return name if name.startswith("https://") else HOST + name


def read_environment(app: Sphinx, config: Config) -> None:
    """Let the environment override the repository, the branches and the site's address."""
    options = config.html_theme_options
    repository = os.environ.get("COURSE_REPOSITORY") or os.environ.get("GITHUB_REPOSITORY")
    if repository:
        options["repository_url"] = repository_address(repository).rstrip("/")
    if branch := os.environ.get("COURSE_BRANCH"):
        options["repository_branch"] = branch
    if branch := os.environ.get("COURSE_NOTEBOOK_BRANCH"):
        config.course_notebook_branch = branch
    if site := os.environ.get("COURSE_SITE"):
        config.html_baseurl = site.rstrip("/") + "/"
    # What is said to other sites and in the page of a wrong address, needs whole addresses.
    config.ogp_site_url = config.html_baseurl
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path


def notebook_address(url: str, page: str, source: str, notebooks: str) -> str:
    """A launch address that points at the made notebook, in place of the page's source."""
    url = url.replace(f"/{page}.md", f"/{page}.ipynb")
    url = url.replace(f"/blob/{source}/", f"/blob/{notebooks}/")
    return url.replace(f"/{source}?urlpath", f"/{notebooks}?urlpath")


def has_code(doctree: nodes.document | None) -> bool:
    """Whether a page has a code cell."""
    cells = doctree.findall(nodes.container) if doctree else ()
    return any(cell.get("nb_element") == "cell_code" for cell in cells)


def mend_buttons(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Launch what was made for launching; offer no launch where there is nothing to run."""
    source = app.config.html_theme_options["repository_branch"]
    groups = {group.get("label"): group for group in context.get("header_buttons", [])}
    if launch := groups.get("launch-buttons"):
        if not has_code(doctree):
            context["header_buttons"].remove(launch)
        for button in launch["buttons"]:
            button["url"] = notebook_address(
                button["url"], page, source, app.config.course_notebook_branch
            )
    if download := groups.get("download-buttons"):
        # Jupyter shows the page's MyST badly: whoever wants a notebook gets the made one.
        for button in download["buttons"]:
            if button["label"] == NOTEBOOK_BUTTON:
                button["url"] = context["pathto"](f"{NOTEBOOKS}/{page}.ipynb", 1)
        if not has_code(doctree):
            download["buttons"] = [
                button for button in download["buttons"] if button["label"] != NOTEBOOK_BUTTON
            ]


def write_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """The notebooks of this table of contents, for download; anew if anything in them may differ.

    They take as long as all the rest of a build in which nothing changed.
    """
    if exception or app.builder.format != "html":
        return
    root, folder = Path(app.srcdir), Path(app.outdir, NOTEBOOKS)
    maker, contents = root / "tools" / "notebooks.py", root / app.config.external_toc_path
    pages = [root / app.env.doc2path(page, base=False) for page in app.env.found_docs]
    sources = [maker, contents, root / "_config.yml", *pages, *root.glob("exercises/*.md")]
    addresses = [f"{name}={value}" for name, value in os.environ.items() if name in ADDRESSES]
    stamp, key = folder / "made-from.txt", digest(sources, *sorted(addresses))
    if stamp.exists() and stamp.read_text("utf-8") == key:
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, maker, folder, contents], check=True, stdout=subprocess.DEVNULL)
    stamp.write_text(key, "utf-8")


def setup(app: Sphinx) -> None:
    app.add_config_value("course_notebook_branch", "notebooks", "html", str)
    app.connect("config-inited", read_environment)
    app.connect("html-page-context", mend_buttons, priority=900)
    app.connect("build-finished", write_notebooks)
