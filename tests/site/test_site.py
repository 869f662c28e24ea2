"""The site in a real browser, Debian's Chromium driven by Playwright, and its links."""

import functools
import http.server
import posixpath
import re
import threading
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

from tools import web
from tools.lessons import ROOT, displayed_alt_texts, find_lessons

pytestmark = [
    pytest.mark.slow,
    # What Sphinx tells the authors of the extensions.
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]
LESSONS = find_lessons(ROOT / "notebooks")
PAGES = ["index", "results", "benchmark", "student", "api", "search"]
PAGES += ["TEACHING", "GRADING", "GLOSSARY"]
PAGES += [f"notebooks/{name}" for name in LESSONS]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site and says nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site; a warning while it is built is an error."""
    pytest.importorskip("sphinx", reason="`make test-site` installs Sphinx")
    from tools import website

    try:
        web.install_packages()
    except SystemExit as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("site") / "built"
    website.build(folder)
    return folder


@pytest.fixture(scope="module")
def parsed(site):
    """Every page of the site, by its path in it."""
    return {
        file.relative_to(site).as_posix(): BeautifulSoup(file.read_text("utf-8"), "html.parser")
        for file in site.rglob("*.html")
        if "_static" not in file.parts
    }


@pytest.fixture
def open_page(browser, site):
    """Opens a page in a new window; no error must have been told, and no other host been asked."""
    wrong = []
    handler = functools.partial(Handler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and wrong.append(m.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        ours = (address, "data:")
        page.on("request", lambda r: r.url.startswith(ours) or wrong.append(r.url))

        def open_page(path):
            page.goto(address + path)
            page.evaluate("window.MathJax?.startup.promise")
            return page

        yield open_page
        context.close()
        server.shutdown()
    assert not wrong


def test_pages_are_those_that_are_looked_at(parsed):
    generated = {"genindex.html", "py-modindex.html", "draw/index.html"}
    assert set(parsed) == {f"{page}.html" for page in PAGES} | generated


def serious_faults(page):
    page.evaluate((ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    return [
        (fault["id"], [node["html"][:200] for node in fault["nodes"][:4]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_for_everyone(open_page, path):
    page = open_page(f"{path}.html")
    for width, schemes in [(1280, ("dark", "light")), (390, ("light", "dark"))]:
        page.set_viewport_size({"width": width, "height": 900})
        page.reload()
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not serious_faults(page)  # Wide and light, narrow and dark.
    images = page.evaluate("[...document.images].map((one) => [one.alt, one.naturalWidth])")
    assert all(alt and width for alt, width in images)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_its_formulas_and_figures(open_page, name):
    page = open_page(f"notebooks/{name}.html")
    notebook = nbformat.read(LESSONS[name], as_version=4)
    text = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    formulas = re.findall(r"\$\$?[^$]+\$\$?", text)
    assert page.locator(".math mjx-container > svg").count() == len(formulas)
    assert page.locator("[data-mjx-error]").count() == 0
    shown = page.evaluate("[...document.querySelectorAll('.cell_output img')].map((i) => i.alt)")
    assert shown == displayed_alt_texts(notebook)


def test_the_page_of_results_is_made_of_its_rows(parsed):
    article = parsed["results.html"].article
    captions = [caption.get_text() for caption in article("caption")]
    assert len(captions) == len(set(captions)) > 30
    assert all(caption.parent.find("td") for caption in article("caption"))
    figures = article.select(".cell_output img")
    assert len(figures) == 2 and all(figure["alt"].endswith("MNIST.") for figure in figures)
    assert len(article.select("details.hide.above-input")) == len(article.select(".cell"))
    assert article.find(string=re.compile("mean of 20 runs"))  # The parts of the README.


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_can_be_opened_in_colab_downloaded_and_read(site, parsed, name):
    links = {a.get_text(): a["href"] for a in parsed[f"notebooks/{name}.html"].article("a")}
    assert links["Open in Colab"].startswith("https://colab.research.google.com/github/")
    assert links["Open in Colab"].endswith(f"/notebooks/{name}.ipynb")
    assert links["Source"].endswith(f"/notebooks/{name}.py")
    assert (site / "notebooks" / links["Download .ipynb"]).read_bytes() == LESSONS[
        name
    ].read_bytes()


def test_links_and_files_within_the_site_are_there(site, parsed):
    missing = []
    for path, soup in parsed.items():
        for tag in soup.find_all(["a", "img", "link", "script"]):
            target = urlsplit(tag.get("href") or tag.get("src") or "")
            if target.scheme or target.netloc:
                continue
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target.path)))
            file = file if target.path else path
            there = (site / file).is_file()
            if there and target.fragment and file in parsed:
                there = parsed[file].find(id=unquote(target.fragment))
            if not there:
                missing.append((path, str(tag)[:200]))
    assert not missing


@pytest.mark.parametrize("path", ["index.html", "GLOSSARY.html", "notebooks/02_autoencoder.html"])
def test_links_to_lessons_lead_to_their_pages(parsed, path):
    links = {posixpath.basename(a["href"]) for a in parsed[path].article("a", href=True)}
    assert "03_reconstructions.html" in links


def test_the_search_finds_the_page_of_a_word(open_page):
    page = open_page("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("bottleneck")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li")
    found = page.locator("#search-results li > a").all_inner_texts()
    assert {"2. The autoencoder", "Glossary"} <= set(found)


def test_the_start_leads_to_drawing_and_that_to_lesson_1(open_page):
    page = open_page("index.html")
    page.click("article .draw a")
    page.wait_for_selector("body.ready")
    page.click("[aria-label='Draw 3']")
    page.wait_for_function("document.querySelector('#verdict').textContent === 'A 3.'")
    page.click("a.next")
    assert page.inner_text("h1").startswith("1. The dataset")


def test_paper_has_the_lesson_and_not_the_menu(open_page):
    page = open_page("notebooks/02_autoencoder.html")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print")
    assert page.is_visible("text=You will learn")
    assert not page.is_visible(".bd-sidebar-primary")
    # Lines of code are broken, for nobody can scroll paper.
    assert page.evaluate(
        "[...document.querySelectorAll('pre')].every((e) => e.scrollWidth <= e.clientWidth)"
    )


@pytest.mark.parametrize("path", ["index.html", "notebooks/02_autoencoder.html"])
def test_the_keyboard_alone_reaches_everything(open_page, path):
    page = open_page(path)
    for _ in range(300):
        page.keyboard.press("Tab")
        page.evaluate("document.activeElement.dataset.reached = true")
    assert page.locator("[data-reached]").count() > 40
    # The links of headings to themselves are in the contents, too.
    missed = ":is(a[href], button, summary, input):not([data-reached], .headerlink)"
    left = page.evaluate(
        "(missed) => [...document.querySelectorAll(missed)]"
        ".filter((one) => one.checkVisibility({ visibilityProperty: true }))"
        ".map((one) => one.outerHTML)",
        missed,
    )
    assert left == []
