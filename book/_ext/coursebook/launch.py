"""Where the course lives, and the buttons that open a page in Colab or Binder.

`_config.yml` says it once; the publishing workflow overrides it through the environment.
"""

import os

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

HOST = "https://github.com/"


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
        # Jupyter shows the page's MyST badly: whoever wants a notebook takes the made one.
        download["buttons"] = [
            button for button in download["buttons"] if not button.get("url", "").endswith(".ipynb")
        ]


def setup(app: Sphinx) -> None:
    app.add_config_value("course_notebook_branch", "notebooks", "html", str)
    app.connect("config-inited", read_environment)
    app.connect("html-page-context", mend_buttons, priority=900)
