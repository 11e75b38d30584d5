"""Starting the app where something is in its way: it starts, or a sentence says what to do."""

import socket
from pathlib import Path

import pytest
import requests
from gradio_client import Client, handle_file
from page_fixtures import free_port
from start_fixtures import fails, runs

from vidu_demo.jobs.ledger import Ledger
from vidu_demo.settings import Settings

STRANGE = ["what?", "100%", "a#b", "with space", "雨の船", "a&b;c", "q'uote", "%3F", "[x]"]


def make_video(url: str, folder: Path, picture: Path) -> Path:
    client = Client(
        url, analytics_enabled=False, verbose=False, download_files=str(folder / "fetched")
    )
    said, video = client.predict(
        images=[handle_file(picture)],
        prompt="Slow push-in.",
        duration=1,
        resolution="540p",
        api_name="/generate",
    )
    client.close()
    assert said["state"] == "done"
    return Path(video)


@pytest.mark.parametrize(
    "proxies",
    [
        {"http_proxy": "http://127.0.0.1:9", "GRADIO_SERVER_PORT": ""},
        {"HTTP_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"},
        {"http_proxy": "http://127.0.0.1:9", "no_proxy": "intern.example"},
    ],
)
def test_a_proxy_is_no_way_to_this_machine(
    tmp_path: Path, pngs: dict[str, Path], proxies: dict[str, str]
) -> None:
    with runs(tmp_path, afresh=True, **proxies) as url:
        assert make_video(url, tmp_path, pngs["red"]).stat().st_size > 1000


def test_a_socks_proxy_is_used_or_explained(tmp_path: Path) -> None:
    given = {"ALL_PROXY": "socks5://127.0.0.1:9"}
    try:
        import socksio  # noqa: F401
    except ImportError:
        assert "httpx[socks]" in fails(tmp_path, afresh=True, **given)
    else:
        with runs(tmp_path, afresh=True, **given) as url:
            assert requests.get(url, timeout=10).status_code == 200


@pytest.mark.parametrize("proxy", ["nonsense://x", "http://a:b:c", "http://[::1"])
def test_a_proxy_that_is_none_is_named(tmp_path: Path, proxy: str) -> None:
    assert "ALL_PROXY" in fails(tmp_path, afresh=True, ALL_PROXY=proxy)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = fails(tmp_path, "--port", str(port))
        assert said.startswith(f"Port {port} is in use.")
        assert "--port" in said
        given = {"GRADIO_SERVER_PORT": str(port), "GRADIO_NUM_PORTS": "1"}
        assert fails(tmp_path, **given).startswith(f"Port {port} is in use.")


@pytest.mark.parametrize(
    ("arguments", "given", "expected"),
    [
        ([], {"GRADIO_SERVER_PORT": "abc"}, "GRADIO_SERVER_PORT"),
        ([], {"GRADIO_NUM_PORTS": "many"}, "GRADIO_NUM_PORTS"),
        ([], {"GRADIO_SERVER_PORT": "70000"}, "There is no port 70000."),
        (["--port", "-5"], {}, "There is no port -5."),
        (["--host", "nobody.invalid"], {}, "There is no address nobody.invalid."),
        (["--host", "192.0.2.1"], {}, "The address 192.0.2.1 is not one of this machine."),
        ([], {"GRADIO_SERVER_NAME": "192.0.2.1"}, "192.0.2.1 is not one of this machine."),
        ([], {"VIDU_DATA_DIR": "/proc/here"}, "The data folder can't be"),
        ([], {"VIDU_DATA_DIR": "/dev/null"}, "The data folder can't be"),
        ([], {"VIDU_DATABASE_URL": "here"}, "VIDU_DATABASE_URL"),
        ([], {"VIDU_DATABASE_URL": "postgresql://u:word@h:port/v"}, "VIDU_DATABASE_URL"),
        ([], {"VIDU_DATABASE_URL": "oracle://u:word@h/v"}, "driver is not installed"),
        ([], {"VIDU_REQUESTS_PER_SECOND": "fast"}, "VIDU_REQUESTS_PER_SECOND"),
        ([], {"VIDU_ALLOWED_HOSTS": "https://a.example/"}, "VIDU_ALLOWED_HOSTS"),
        ([], {"VIDU_FRAME_ANCESTORS": "https://a.example/x"}, "VIDU_FRAME_ANCESTORS"),
        ([], {"VIDU_SIGN_IN": "huggingface"}, "works only on a Hugging Face Space"),
    ],
)
def test_one_sentence_says_what_to_do(
    tmp_path: Path, arguments: list[str], given: dict[str, str], expected: str
) -> None:
    said = fails(tmp_path, *arguments, **given)
    assert expected in said
    assert "word" not in said


def test_a_second_app_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with runs(tmp_path):
        assert "VIDU_DATA_DIR" in fails(tmp_path, "--port", str(free_port()))


def test_further_names_are_read_from_the_environment(tmp_path: Path) -> None:
    with runs(tmp_path, VIDU_ALLOWED_HOSTS="videos.example.com, other.example:8443") as url:

        def ask(host: str) -> int:
            return requests.get(url, headers={"Host": host}, timeout=10).status_code

        assert ask("videos.example.com") == 200
        assert ask("other.example:8443") == 200
        assert ask("other.example:80") == 403
        assert ask("evil.example") == 403


def test_a_password_and_frames_are_read_from_the_environment(tmp_path: Path) -> None:
    given = {"VIDU_PASSWORD": "open sesame", "VIDU_FRAME_ANCESTORS": "https://a.example"}
    with runs(tmp_path, **given) as url:
        answer = requests.get(url, timeout=10)
        assert answer.status_code == 401
        assert "https://a.example" in answer.headers["Content-Security-Policy"]
        session = requests.Session()
        session.post(f"{url}/login", data={"password": "open sesame"}, timeout=10)
        assert "gradio_config" in session.get(url, timeout=10).text


# Folders with strange names


@pytest.mark.parametrize("name", STRANGE)
def test_the_ledger_lies_in_the_data_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    Ledger(Settings(data_dir=folder).ledger_url).close()
    assert (folder / "ledger.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["was? 100% a#b 雨 'x' \"y\" (z)"])
def test_videos_are_shown_from_such_a_folder(
    tmp_path: Path, pngs: dict[str, Path], name: str
) -> None:
    data = tmp_path / name
    with runs(tmp_path, VIDU_DATA_DIR=str(data)) as url:
        make_video(url, tmp_path, pngs["red"])
        from vidu_demo.ui import file_url

        shown = [*data.glob("videos/*/*.mp4"), *data.glob("videos/*/thumbnail.*")]
        assert len(shown) >= 2
        for path in shown:
            answer = requests.get(f"{url}/{file_url(path)}", timeout=10)
            assert answer.content == path.read_bytes()
    assert sorted(p.name for p in data.iterdir())[:2] == ["in-use.lock", "ledger.db"]
