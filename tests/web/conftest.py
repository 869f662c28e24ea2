"""The page "Draw a digit" in a real browser: Debian's Chromium, driven by Playwright."""

import functools
import http.server
import threading

import pytest
from driving import mnist

from tools import web


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the page and, at /mnist, the test images as bytes; says nothing."""

    @functools.cached_property
    def images(self):
        return mnist().images.mul(255).round().byte().numpy().tobytes()

    def do_GET(self):
        if self.path != "/mnist":
            return super().do_GET()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.images)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def address(browser, tmp_path_factory):
    target = tmp_path_factory.mktemp("web") / "page"
    try:
        web.build(target)
    except SystemExit as error:
        pytest.skip(str(error))
    handler = functools.partial(Handler, directory=target)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def open_page(browser, address):
    """Opens the page in a new window; at the end nothing must have gone wrong in any of them."""
    contexts, wrong = [], []

    def open_page(fragment="", **settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and wrong.append(m.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: r.url.startswith(address) or wrong.append(r.url))
        page.goto(address + fragment)
        page.wait_for_selector("body.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


@pytest.fixture(scope="module")
def shared_page(browser, address):
    """A window for tests that leave it as it was: wide, and cleared by `draw`."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("body.ready")
    yield page
    page.context.close()
