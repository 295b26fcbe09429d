"""What comes back from `run_js` beside a plain value: files, what is too long, `_`, hints, logs."""

from __future__ import annotations

import base64
import json

import pytest
from raw_client import modern_meta

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg==")


def bytes_of(content: bytes) -> str:
    return f"new Uint8Array({json.dumps(list(content))})"


@pytest.fixture
def server(memory):
    memory.initialize()
    return memory


# -- Files

@pytest.mark.parametrize("content, block, type", [
    (PNG, "image", "image/png"), (b"\xff\xd8\xff\xe0" + bytes(20), "image", "image/jpeg"),
    (b"GIF89a" + bytes(20), "image", "image/gif"),
    (b"RIFF\0\0\0\0WEBP" + bytes(20), "image", "image/webp"),
    (b"RIFF\0\0\0\0WAVE" + bytes(20), "audio", "audio/wav"),
    (b"ID3" + bytes(20), "audio", "audio/mpeg"),
    (b"%PDF-1.7" + bytes(20), "resource", "application/pdf"),
])
@pytest.mark.parametrize("buffer", ["", ".buffer"])
def test_a_file(server, content, block, type, buffer):
    result = server.run(bytes_of(content) + buffer)
    assert not result.is_error and "result" not in result.structured
    assert result.structured["media"] == {"type": type, "bytes": len(content)}
    text, file = result.raw["content"]
    assert json.loads(text["text"]) == result.structured and file["type"] == block
    holder = file["resource"] if block == "resource" else file
    assert holder["mimeType"] == type
    assert base64.b64decode(holder["blob" if block == "resource" else "data"]) == content


@pytest.mark.parametrize("code", [
    "new Uint8Array([1, 2, 3])", "new Uint8Array(0)", "new Uint8Array(5_000_000).fill(255)",
    "'\\x89PNG\\r\\n\\x1a\\n' + 'x'.repeat(20)", "new Uint16Array([0x5089, 0x474e])",
    "const b = new ArrayBuffer(64); structuredClone(b, { transfer: [b] }); b",
])
def test_what_is_no_file(server, code):
    result = server.run(code)
    assert not result.is_error, result.text
    assert len(result.raw["content"]) == 1 and "media" not in result.structured


@pytest.mark.parametrize("content, claimed, block, type", [
    (PNG, "image/png", "image", "image/png"), (PNG, "", "image", "image/png"),
    (PNG, "text/plain", "image", "image/png"),
    (bytes(20), "audio/aac", "audio", "audio/aac"),
    (bytes([255, 0] * 10), "application/x-mine", "resource", "application/x-mine"),
    (bytes([255, 0] * 10), "text/plain", "resource", "text/plain"),
    (b"BM" + bytes(20), "image/bmp", "resource", "image/bmp"),
])
@pytest.mark.parametrize("kind", ["new Blob([{}], {{ type: {} }})",
                                  "new File([{}], 'name', {{ type: {} }})"])
def test_a_blob(server, content, claimed, block, type, kind):
    result = server.run(kind.format(bytes_of(content), json.dumps(claimed)), heap="h")
    assert result.structured["media"] == {"type": type, "bytes": len(content)}
    _, file = result.raw["content"]
    assert file["type"] == block
    holder = file["resource"] if block == "resource" else file
    assert holder["mimeType"] == type
    assert base64.b64decode(holder["blob" if block == "resource" else "data"]) == content
    assert server.run("await _.text().then(text => text.length > 0)", heap="h").value is True


@pytest.mark.parametrize("type", [
    "text/csv", "text/html;charset=utf-8", "application/json", "application/ld+json",
    "image/svg+xml",
])
def test_a_blob_of_text(server, type):
    result = server.run(f"new Blob(['ä,1\\n', 'b'], {{ type: '{type}' }}).slice(0, 9, '{type}')")
    assert "result" not in result.structured
    assert result.raw["content"][1] == {
        "type": "resource",
        "resource": {"uri": "mcp-v8:result", "mimeType": type, "text": "ä,1\nb"}}


@pytest.mark.parametrize("code", [
    "new Blob(['x'])", "new Blob([], { type: 'text/plain' })",
    "new Blob(['no image'], { type: 'image/png' })",
    "new Blob(['x'], { type: 'text/' + 'x'.repeat(300) })",
    "new Blob([new Uint8Array(5_000_000)], { type: 'text/plain' })",
    "({ __proto__: Blob.prototype })",
    "Object.defineProperty(Array.prototype, 3, { get() { throw 1 } }); 5",
])
def test_a_blob_that_is_no_file(server, code):
    result = server.run(code)
    assert not result.is_error, result.text
    assert len(result.raw["content"]) == 1 and "media" not in result.structured


def test_a_sound_for_a_client_that_knows_none(start):
    server = start("--in-memory")
    server.initialize("2024-11-05")
    result = server.result("tools/call", {
        "name": "run_js", "arguments": {"code": bytes_of(b"ID3" + bytes(20))}})
    assert [block["type"] for block in result["content"]] == ["text", "resource"]


# -- What is too long, and `_`

def test_a_value_that_is_too_long(server):
    result = server.run("'x'.repeat(200_000)", heap="h")
    assert "result" not in result.structured and "_.slice" in result.structured["note"]
    assert server.run("_.slice(0, 5) + _.length", heap="h").value == "xxxxx200000"
    whole = server.run("Array.from({ length: 50_000 }, (_, i) => i)", heap="h")
    assert "note" in whole.structured
    assert server.run("_.length + _[49_999]", heap="h").value == 99_999
    stateless = server.run("'x'.repeat(200_000)")
    assert "_" not in stateless.structured["note"]
    assert "note" not in server.run("'x'.repeat(20_000)").structured
    assert "note" not in server.run("() => 1").structured, "it has no JSON form at any length"


def test_the_last_value(files, start, directory):
    files.run("6 * 7", heap="h")
    assert files.run("_ + 1", heap="h").value == 43
    assert files.run("_", heap="h").value == 43
    assert "result" not in files.run("let x = 1", heap="h").structured
    assert files.run("_ === undefined", heap="h").value is True
    files.run("({ deep: [1, 2] })", heap="h")
    files.close()
    assert start("--directory-path", directory).run("_.deep[1]", heap="h").value == 2


def test_the_last_error(server):
    server.run("throw new TypeError('kept')", heap="h", on_error="keep")
    assert server.run("_error.message", heap="h").value == "kept"
    server.run("throw new Error('rolled back')", heap="h")
    assert server.run("_error.message", heap="h").value == "kept"


@pytest.mark.parametrize("mine", [
    "let _ = 'mine'", "const _ = 'mine'", "var _ = 'mine'", "_ = 'mine'", "globalThis._ = 'mine'",
    "'use strict'; _ = 'mine'", "function _() {}; _ = 'mine'",
    "Object.defineProperty(globalThis, '_', { value: 'mine' })", "class _ {}; _ = 'mine'",
])
def test_a_script_that_uses_the_name_itself(server, mine):
    server.run("1", heap="h")
    assert not server.run(mine, heap="h").is_error
    server.run("2", heap="h")
    assert server.run("_", heap="h").value == "mine"
    server.run("throw 1", heap="h", on_error="keep")
    assert server.run("_", heap="h").value == "mine"


def test_the_names_do_not_show(server):
    code = "[typeof _, typeof _error, Object.keys(globalThis).filter(k => k.startsWith('_'))]"
    assert server.run(code, heap="h").value == ["undefined", "undefined", []]
    assert server.run("delete globalThis._; typeof _", heap="h").value == "undefined"


# -- Hints

@pytest.mark.parametrize("code, words", [
    ("require('fs')", "modules"), ("await fetch('http://x')", "network"),
    ("process.env.HOME", "processes"), ("Buffer.from('x')", "Uint8Array"),
    ("Deno.readFile('x')", "Node, Deno or Bun"), ("window.location", "browser"),
    ("document.title", "browser"), ("localStorage.x = 1", "heap"), ("print('x')", "console.log"),
    ("fs.readFileSync('x')", "files"), ("return 5", "last expression"),
    ("total + 1", "`heap`"), ("module.exports = 1", "modules"), ("None", "null"),
    ("new XMLHttpRequest", "network"), ("__dirname", "files"),
    ("function f() { await 1 }", "async"), ("new URLPattern({})", "URL"),
    ("Temporal.Now.instant()", "Date"), ("new CompressionStream('gzip')", "bytes"),
    ("```js\n1 + 1\n```", "without the ```"), ("let a = 1; let a = 2", "twice"),
])
def test_a_hint(server, code, words):
    result = server.run(code)
    assert words in result.error["hint"], result.error
    assert result.error["hint"] in result.text


def test_hints_about_heaps(server):
    fresh = server.run("total + 1", heap="new")
    assert "no heap new" in fresh.error["hint"] and "list_heaps" in fresh.error["hint"]
    server.run("let count = 1; const fixed = 2", heap="h")
    assert "inspect_heap" in server.run("total + 1", heap="h").error["hint"]
    assert "count = " in server.run("const count = 5", heap="h").error["hint"]
    assert "WebAssembly" not in server.run("typeof WebAssembly", heap="h").text
    assert "without `heap`" in server.run("WebAssembly.Module", heap="h").error["hint"]


def test_errors_without_a_hint(server):
    for code in ("throw new Error('x')", "null.x", "let let", "throw new ReferenceError('x')"):
        assert "hint" not in server.run(code).error, code


# -- Console lines as log messages

def logs(server) -> list[dict]:
    return [message["params"] for message in server.pending()
            if message.get("method") == "notifications/message"]


PRINTS = "console.debug('d'); console.log('l', 1); console.warn('w'); console.error('e')"


def test_no_log_messages_without_asking(server):
    server.run(PRINTS)
    server.run(PRINTS, modern=True)
    assert logs(server) == []


def test_log_messages(server):
    assert server.result("logging/setLevel", {"level": "info"}) == {}
    server.run(PRINTS)
    assert [(m["level"], m["logger"], m["data"]) for m in logs(server)] == [
        ("info", "console", "l 1"), ("warning", "console", "w"), ("error", "console", "e")]


def test_modern_log_messages(memory):
    wanted = {"io.modelcontextprotocol/logLevel": "warning"}
    memory.run(PRINTS, modern=True, meta=modern_meta() | wanted)
    assert [m["data"] for m in logs(memory)] == ["w", "e"]
    params = {"name": "run_js", "arguments": {"code": "1"},
              "_meta": {"io.modelcontextprotocol/logLevel": "loud"}}
    assert memory.request("tools/call", params, modern=True)["error"]["code"] == -32602


def test_log_messages_are_bounded(server):
    server.result("logging/setLevel", {"level": "debug"})
    server.run("for (let i = 0; i < 500; i++) console.log(i)")
    assert 1 <= len(logs(server)) <= 150


@pytest.mark.parametrize("level", ["loud", 5, None])
def test_bad_log_levels(server, level):
    assert server.request("logging/setLevel", {"level": level})["error"]["code"] == -32602


def test_progress_of_a_silent_run(server):
    meta = {"progressToken": "t"}
    server.begin_run("await new Promise(done => setTimeout(done, 2500))", meta=meta)
    first = server.take(lambda m: m.get("method") == "notifications/progress", "progress", 10)
    second = server.take(lambda m: m.get("method") == "notifications/progress", "progress", 10)
    assert first["params"]["progress"] < second["params"]["progress"]
