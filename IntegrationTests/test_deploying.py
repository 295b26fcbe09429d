"""What docs/guides/deploying.md tells an operator to do, done."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import REPOSITORY
from http_client import Client, HTTPServer
from processes import wait_until
from test_http_tokens import STATIC
from tls_files import trusting, write_identity

GUIDE = (REPOSITORY / "docs/guides/deploying.md").read_text(encoding="utf-8")
NAME = "js.example.com"

# Each command of the guide's shell blocks: the test that runs it, or why none does.
COMMANDS = {
    "mcp-v8 --http-port": "test_the_commands_start_a_server",
    "umask 077": "test_the_commands_start_a_server",
    "podman": "needs a container engine and images from a registry; "
              "test_the_container_file_copies_what_the_package_is_made_of checks it",
    "curl": "test_the_probe",
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", GUIDE, re.M | re.S)


def commands() -> list[str]:
    return [line.strip() for block in blocks("sh") for line in block.splitlines()]


@pytest.mark.parametrize("line", commands())
def test_every_command_is_accounted_for(line):
    assert any(line.startswith(command) for command in COMMANDS), line


@pytest.mark.parametrize(
    "line", [line for line in commands() if line.startswith("mcp-v8 --http-port")])
def test_the_commands_start_a_server(binary, tmp_path, line):
    write_identity(tmp_path)
    (tmp_path / "certificate.pem").rename(tmp_path / "chain.pem")
    make = next(command for command in commands() if command.startswith("umask"))
    subprocess.run(["bash", "-c", make], cwd=tmp_path, check=True, timeout=20)
    words = line.replace("~/.mcp-v8", "heaps").split()[1:]
    options = ["0" if word in ("8080", "8443") else word for word in words]
    options = [str(tmp_path / word) if (tmp_path / word).exists() or word == "heaps" else word
               for word in options]
    options = ["127.0.0.1" if word == "0.0.0.0" else word for word in options]
    with HTTPServer(binary, *options) as server:
        client = Client(server.port)
        if "--tls-key" in options:
            import http.client
            client._connection = http.client.HTTPSConnection(
                "localhost", server.port, timeout=30, context=trusting(tmp_path / "chain.pem"))
        assert client.send("GET", "/readyz", {"Host": "localhost"}).status == 200


def test_the_probe(binary):
    line = next(line for line in commands() if line.startswith("curl"))
    with HTTPServer(binary, "--in-memory") as server:
        done = subprocess.run(
            line.replace("8080", str(server.port)).replace('"', "").replace(
                "Host: localhost", "Host:localhost").split(),
            capture_output=True, text=True, timeout=20)
        assert done.returncode == 0 and "ready" in done.stdout, done.stderr


# -- Proxies

def program(name: str) -> str:
    """A proxy: the machine's own, or what scripts/install-dependencies unpacked."""
    found = shutil.which(name) or next(
        (str(path) for path in (REPOSITORY / ".deps-proxies/usr").glob(f"*bin/{name}")), None)
    assert found, f"no {name}: run scripts/install-dependencies"
    return found


def free_port() -> int:
    # Neither proxy can say which port it was given, so it is told one that was free just now.
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running(command: list[str], port: int, folder: Path):
    log = folder / "log"
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
    try:
        wait_until(lambda: process.poll() is not None or accepts(port), "the proxy listens", 20)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def nginx(folder: Path, port: int, behind: int) -> list[str]:
    server, = blocks("nginx")
    server = server.replace("listen 443", f"listen 127.0.0.1:{port}").replace(
        "127.0.0.1:8080", f"127.0.0.1:{behind}").replace(
        "/etc/ssl/js/chain.pem", str(folder / "certificate.pem")).replace(
        "/etc/ssl/js/key.pem", str(folder / "key.pem"))
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in (
        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{server} }}\n")
    return [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, behind: int) -> list[str]:
    site, = blocks("caddy")
    site = site.replace(
        f"{NAME} {{", f"https://{NAME}:{port} {{\n    bind 127.0.0.1\n    tls "
        f"{folder}/certificate.pem {folder}/key.pem").replace(
        "127.0.0.1:8080", f"127.0.0.1:{behind}")
    (folder / "Caddyfile").write_text(
        f"{{\n    admin off\n    auto_https disable_redirects\n}}\n{site}")
    return [program("caddy"), "run", "--config", str(folder / "Caddyfile")]


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_behind_a_proxy(binary, tmp_path, proxy):
    write_identity(tmp_path, NAME)
    tokens = tmp_path / "tokens"
    tokens.write_text(STATIC)
    port = free_port()
    with HTTPServer(binary, "--in-memory", "--http-port", "0", "--allowed-hosts", NAME,
                    "--auth-token-file", tokens) as server, \
            running(proxy(tmp_path, port, server.port), port, tmp_path):

        def client(token: str | None = STATIC) -> Client:
            client = Client(port, token=token)
            plain = socket.create_connection(("127.0.0.1", port), timeout=30)
            context: ssl.SSLContext = trusting(tmp_path / "certificate.pem")
            client._connection.sock = context.wrap_socket(plain, server_hostname=NAME)
            client._connection.host = NAME
            client._connection.auto_open = 0
            return client

        assert client(None).send("GET", "/metrics").status == 401
        one = client()
        assert one.run("let n = 1; n", heap="h").value == 1
        other = client()
        other.begin_run("n = 2; console.log(1); for(;;);", heap="h", timeout_ms=100_000,
                        meta={"progressToken": 1})
        next(other.stream())  # while it runs: nothing is held back on the way
        other._connection.sock.close()
        other.close()
        assert one.run("n", heap="h").value == 1, "who closes its connection cancels"


# -- Units and images

def test_the_unit_is_one(binary, tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze: the unit is not checked on this machine")
    unit, = blocks("ini")
    path = tmp_path / "mcp-v8.service"
    path.write_text(unit.replace("/opt/mcp-v8/mcp-v8", str(binary)))
    done = subprocess.run(
        [analyze, "verify", "--man=no", path], capture_output=True, text=True, timeout=60)
    ours = [line for line in done.stderr.splitlines() if "mcp-v8.service" in line]
    assert ours == [], done.stderr
    command = re.search(r"^ExecStart=\S+ (.*)$", unit, re.M).group(1)
    tokens = tmp_path / "tokens"
    tokens.write_text(STATIC)
    options = command.replace("${CREDENTIALS_DIRECTORY}", str(tmp_path)).replace(
        "/var/lib/mcp-v8", str(tmp_path / "heaps")).replace("8080", "0").split()
    with HTTPServer(binary, *options) as server, Client(server.port, token=STATIC) as client:
        assert client.run("1").value == 1


def test_the_container_file_copies_what_the_package_is_made_of(tmp_path):
    """No image can be built here, but the package can be read from what would be in one."""
    text = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    copies = re.findall(r"^COPY ([^-\s]\S*) (\S+)", text, re.M)
    assert copies
    for source, target in copies:
        files = [path for path in tracked if path == source or path.startswith(f"{source}/")]
        assert files, f"{source} is not in the repository"
        for path in files:
            if (REPOSITORY / path).exists():
                place = tmp_path / target / path.removeprefix(f"{source}/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / path, place)
    described = subprocess.run(
        ["swift", "package", "describe", "--type", "json"], cwd=tmp_path, capture_output=True,
        text=True, timeout=300)
    assert described.returncode == 0, described.stderr
    products = {product["name"] for product in json.loads(described.stdout)["products"]}
    assert set(re.findall(r"--product (\S+)", text)) <= products


def test_the_container_file_installs_what_the_project_needs():
    text = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
    script = (REPOSITORY / "scripts/install-dependencies").read_text(encoding="utf-8")
    packages = " ".join(re.findall(r"--no-install-recommends ([^\\]*)", text)).split()
    assert {"libzstd-dev", "python3-venv"} <= set(packages) and "scripts/fetch-engine" in text
    for package in set(packages) - {"libstdc++6", "libzstd1", "zlib1g"}:
        assert package in script, f"{package} is not what the project installs elsewhere"
