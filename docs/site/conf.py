"""How Sphinx makes the reading copy: `make site` stages the pages, this says how they look."""

from IPython.lib.lexers import IPython3Lexer
from pygments.lexer import Lexer
from pygments.lexers import GoLexer
from pygments.token import Comment

project = "The Engine Room"
copyright = author = "the authors of The Engine Room"
language = "en"

extensions = ["myst_nb"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the notebooks carry their outputs, and `make test` holds them to them
nb_merge_streams = True
suppress_warnings = ["misc.highlighting_failure"]  # snippets leave things out with …
nb_ipywidgets_js = {}  # no live widgets, so nothing to fetch from a server at reading time

html_theme = "sphinx_book_theme"
html_title = project
html_static_path, templates_path = ["_static"], ["_templates"]
html_css_files = ["site.css"]
html_js_files = [("sweep.js", {"defer": "defer"})]
html_show_copyright = html_show_sphinx = html_copy_source = html_show_sourcelink = False
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navbar_persistent": [],
    "footer_content_items": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "pygments_light_style": "a11y-light",
    "pygments_dark_style": "a11y-dark",
}


class CourseCell(Lexer):
    """Python as in a notebook, and Go in a cell that begins with %%go."""

    name, aliases = "course cell", ["coursecell"]

    def get_tokens_unprocessed(self, text):
        """Yield tokens of the language that the cell is written in."""
        if not text.startswith("%%go"):
            yield from IPython3Lexer(**self.options).get_tokens_unprocessed(text)
            return
        first, newline, rest = text.partition("\n")
        yield 0, Comment.Preproc, first + newline
        for index, token, value in GoLexer(**self.options).get_tokens_unprocessed(rest):
            yield index + len(first + newline), token, value


def setup(app):
    """Teach Sphinx how the course's cells are highlighted."""
    app.add_lexer("coursecell", CourseCell)
