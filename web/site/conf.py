"""Sphinx's settings for the site; tools/website.py gathers its pages and builds it."""

project = "Autoencoders for classification"
html_title = project
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
# What other pages take parts of, and what is there to download only.
parts = ["README.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "LICENCES.md"]
exclude_patterns = [*parts, "student/*", "downloads/*"]

# The outputs are those that are stored in the lessons.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]  # The metrics have no picture.

default_role = "literal"  # Docstrings have `code` in single marks.
autodoc_member_order = "bysource"
autodoc_typehints = "none"
add_module_names = False

html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": False,  # Each lesson has links of its own to what it is made of.
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "show_toc_level": 2,
    "footer_content_items": ["extra-footer.html"],
    "extra_footer": "The code is under the MIT licence. MNIST is by Yann LeCun, Corinna Cortes and "
    "Christopher Burges (CC BY-SA 3.0).",
}
html_context = {"default_mode": "auto"}
html_sidebars = {"**": ["navbar-logo.html", "find.html", "draw.html", "sbt-sidebar-nav.html"]}
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/icon.svg"
html_copy_source = False
# From npm, and not from the address that Sphinx would write.
mathjax_path = "mathjax/es5/tex-svg.js"


def setup(app):
    """Leave out what Python itself says of the fields of named tuples, and what MyST-NB says to
    screen readers in place of the words that are seen."""
    app.connect(
        "autodoc-skip-member",
        lambda app, what, name, member, skip, options: (
            skip or (getattr(member, "__doc__", None) or "").startswith("Alias for field")
        ),
    )
    app.connect(
        "html-page-context",
        lambda app, page, template, context, doctree: context.update(
            body=context.get("body", "").replace(' aria-label="Toggle hidden content"', "")
        ),
    )
