"""Looking into heaps: the tool `inspect_heap`, and `mcp-v8 heaps inspect|diff|devtools`."""

from __future__ import annotations

import json
import subprocess

import pytest
from heap_profile import Profile
from raw_client import Server, ToolResult

LIVE_TRAPS = """
    globalThis.trapped = 0;
    const trap = () => { trapped++; throw new Error('user code ran'); };
    let proxy = new Proxy({}, {
        get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap,
    });
    let callable = new Proxy(function () {}, { get: trap, apply: trap });
    let getters = {
        get a() { return trap(); }, get [Symbol.toStringTag]() { return trap(); },
        toString: trap, toJSON: trap, valueOf: trap, [Symbol.toPrimitive]: trap,
        [Symbol.for('nodejs.util.inspect.custom')]: trap,
    };
    let list = [1]; Object.defineProperty(list, 1, { get: trap, enumerable: true });
    let error = new Error('kept'); Error.prepareStackTrace = trap;
    Object.defineProperty(globalThis, 'computed', { get: trap, configurable: true });
    class Tricky { get length() { return trap(); } static get name() { return trap(); } }
    let tricky = new Tricky();
    Object.defineProperty(Array.prototype, '7', { get: trap, configurable: true });
    let holes = [1, , , , , , , , 9];
    Object.defineProperty(Object.prototype, 'value', { get: trap, configurable: true });
    0
"""


def inspect(server: Server, heap: str, **arguments) -> ToolResult:
    arguments["heap"] = heap
    return ToolResult(server.result(
        "tools/call", {"name": "inspect_heap", "arguments": arguments}, seconds=90))


def variables(server: Server, heap: str, **arguments) -> dict[str, dict]:
    result = inspect(server, heap, **arguments)
    assert not result.is_error, result.text
    assert json.loads(result.text) == result.structured
    return {entry["name"]: entry for entry in result.structured["variables"]}


@pytest.fixture
def server(memory):
    memory.initialize()
    return memory


@pytest.mark.parametrize("code, kind, type, class_name, preview", [
    ("let x = 1", "let", "number", None, "1"),
    ("const x = -0", "const", "number", None, "-0"),
    ("var x = 'a\\n\"b'", "var", "string", None, '"a\\n\\"b"'),
    ("x = 12n", "global", "bigint", None, "12n"),
    ("function x(a, b) { return a + b }", "function", "function", "Function",
     "function x(a, b) { return a + b }"),
    ("class x { #p = 1; static s = 2 }", "class", "function", "Function",
     "class x"),
    ("let x = [1, 'two', { three: [3, [4]] }]", "let", "object", "Array",
     '[ 1, "two", { three: [ … ] } ]'),
    ("let x = new Map([['k', { a: 1 }], [2, 3]])", "let", "object", "Map",
     'Map(2) { "k" => { a: 1 }, 2 => 3 }'),
    ("let x = new Set([1, 2])", "let", "object", "Set", "Set(2) { 1, 2 }"),
    ("let x = new Date(0)", "let", "object", "Date", "1970-01-01T00:00:00.000Z"),
    ("let x = /a+/gi", "let", "object", "RegExp", "/a+/gi"),
    ("let x = new TypeError('bad')", "let", "object", "TypeError", "TypeError: bad"),
    ("let x = new Uint8Array([1, 2, 3])", "let", "object", "Uint8Array",
     "Uint8Array(3) [ 1, 2, 3 ]"),
    ("let x = Promise.resolve(1)", "let", "object", "Promise", "Promise { <fulfilled> }"),
    ("let x = Symbol('s')", "let", "symbol", None, "Symbol(s)"),
    ("let x = n => n * 2", "let", "function", "Function", "n => n * 2"),
    ("let x", "let", "undefined", None, "undefined"),
    ("let x = null", "let", "null", None, "null"),
    ("class A { y = 2 }; let x = new A", "let", "object", "A", "A { y: 2 }"),
    ("let x = {}; x.x = x", "let", "object", "Object", "{ x: { x: { … } } }"),
    ("let größe = 1; let x = 'é😀'", "let", "string", None, '"é😀"'),
    ("let x = 'y'.repeat(1000)", "let", "string", None, '"' + "y" * 80 + '"… (1000 characters)'),
    ("var URL = 5; let x = URL", "let", "number", None, "5"),
])
def test_a_variable(server, code, kind, type, class_name, preview):
    server.run(code, heap="h")
    found = variables(server, "h")
    entry = found["x"]
    assert (entry["kind"], entry["type"], entry["preview"]) == (kind, type, preview)
    assert entry.get("class") == class_name
    expected = {"x"} | {name for name in ("A", "größe", "URL") if f" {name}" in code}
    assert set(found) - {"_"} == expected


def test_no_user_code_runs(server):
    assert not server.run(LIVE_TRAPS, heap="h").is_error
    found = variables(server, "h", depth=3)
    assert found["proxy"]["preview"] == "Proxy"
    assert found["computed"]["type"] == "accessor"
    assert found["list"]["preview"] == "[ 1, (computed when read) ]"
    assert found["error"]["preview"] == "Error: kept"
    assert not inspect(server, "h", find="trap").is_error
    assert found["trapped"]["preview"] == "0", "what is inspected is a copy, so look again"
    assert server.run("trapped", heap="h").value == 0


def test_children_down_to_a_depth(server):
    server.run("let a = { b: { c: { d: 1 } } }; let many = Array(200).fill(7)", heap="h")
    flat = variables(server, "h")
    assert "children" not in flat["a"]
    deep = variables(server, "h", depth=2)
    [b] = deep["a"]["children"]
    [c] = b["children"]
    assert (b["name"], c["name"], "children" in c) == ("b", "c", False)
    assert len(deep["many"]["children"]) + deep["many"]["omitted"] == 200


def test_sizes(server):
    server.run("""
        let closure = (() => {
            const kept = new Array(100_000).fill(0.5); return () => kept[0];
        })();
        let small = { a: 1 }; let bytes = new Uint8Array(1_000_000); let c = console;
    """, heap="h")
    answer = inspect(server, "h").structured
    found = {entry["name"]: entry for entry in answer["variables"]}
    assert answer["measured"] is True
    assert 800_000 <= found["closure"]["reachable_bytes"] < 900_000
    assert found["closure"]["own_bytes"] < 1_000
    assert 1_000_000 <= found["bytes"]["reachable_bytes"] < 1_010_000
    assert found["small"]["reachable_bytes"] < 2_000
    assert found["c"]["reachable_bytes"] < 2_000, "the library is no variable's"


def test_an_uninitialized_variable(server):
    server.run("let x = (() => { throw 1 })()", heap="h", on_error="keep")
    assert variables(server, "h")["x"]["type"] == "uninitialized"


def test_limits(server):
    server.run("for (let i = 0; i < 500; i++) globalThis['v' + i] = 'x'.repeat(500)", heap="h")
    answer = inspect(server, "h", limit=10).structured
    assert len(answer["variables"]) == 10
    assert answer["total"] >= 500 and answer["omitted"] == answer["total"] - 10
    everything = inspect(server, "h", limit=1000)
    assert len(everything.text) < 70_000, "the output limit holds here too"


def test_finding_places(server):
    server.run("""
        let config = { servers: [{ host: 'alpha.example' }, { host: 'BETA.example' }] };
        let index = new Map([['beta', { id: 7 }]]); function greet() { return 'beta!' }
    """, heap="h")
    answer = inspect(server, "h", find="beta").structured
    places = {match["path"]: match for match in answer["matches"]}
    assert set(places) == {"config.servers[1].host", 'index.get("beta")', "greet"}
    assert answer["complete"] is True
    for path in places:
        assert not server.run(f"{path}; 0", heap="h", save=False).is_error, path


def test_versions_and_warm_heaps(server):
    first = server.run("let n = 1", heap="h").structured["version"]
    second = server.run("n = 2", heap="h").structured["version"]
    assert variables(server, "h")["n"]["preview"] == "2"
    assert inspect(server, f"h@{first[:8]}").structured["version"] == first
    assert variables(server, first)["n"]["preview"] == "1"
    again = server.run("n += 1", heap="h")
    assert again.value == 3 and again.structured["version"] != second


def test_hostile_heaps(server):
    server.run("""
        let deep = {}; for (let i = 0, at = deep; i < 50_000; i++) at = at.next = {};
        let wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => ['k' + i, i]));
        let sparse = []; sparse[4294967290] = 1; let long = 'x'.repeat(10_000_000);
        let name = { ['x'.repeat(1_000_000)]: 1 }; let control = '\\u0000\\u001b[2J\\ud800';
        let chain = ''; for (let i = 0; i < 10_000; i++) chain = chain + i;
        0
    """, heap="h", seconds=60)
    for arguments in ({"depth": 5, "limit": 1000}, {"find": "k99999"}, {"find": "no such text"}):
        result = inspect(server, "h", **arguments)
        assert not result.is_error, result.text
        assert len(result.text) < 70_000
    assert server.run("1 + 1", heap="h").value == 2


@pytest.mark.parametrize("code", [
    "Object.freeze(globalThis)", "Object.seal(globalThis)", "Object.preventExtensions(globalThis)",
    "Object.setPrototypeOf(globalThis, new Proxy({}, { get() { throw 1 }, has() { throw 2 } }))",
    "const all = globalThis; for (const name of Object.getOwnPropertyNames(all)) delete all[name]",
    "globalThis.WebAssembly = 1; Object.freeze(Object.prototype); Object.freeze(globalThis)",
])
def test_every_global_object(start, directory, code):
    with start("--directory-path", directory) as server:
        server.run(f"let mine = 1; {{ {code} }} 0", heap="h")
        server.initialize()
        assert variables(server, "h")["mine"]["preview"] == "1"
    with start("--directory-path", directory) as server:
        assert server.run("++mine", heap="h").value == 2
        assert variables(server, "h")["mine"]["preview"] == "2"


@pytest.mark.parametrize("arguments, text", [
    ({"heap": "nobody"}, "nobody"), ({"heap": "../x"}, "not"), ({"heap": "h", "depth": 9}, "depth"),
    ({"heap": "h", "what": 1}, "what"),
])
def test_refusals(server, arguments, text):
    result = ToolResult(server.result(
        "tools/call", {"name": "inspect_heap", "arguments": arguments}))
    assert result.is_error and text in result.text


def test_the_list_of_tools_is_short(start):
    for storage in ("--in-memory", "--stateless"):
        server = start(storage)
        server.initialize()
        text = json.dumps(server.result("tools/list")["tools"], separators=(",", ":"))
        # 1,300 tokens of about four characters; few clients show models what is answered.
        assert len(text) <= 5_200, len(text)


# -- Commands

@pytest.fixture
def heaps(directory, binary):
    def run(*arguments: object, expected: int = 0) -> str:
        command = [str(binary), "heaps", *map(str, arguments), "--directory-path", str(directory)]
        done = subprocess.run(command, capture_output=True, timeout=120, check=False)
        assert done.returncode == expected, done.stderr.decode()
        return (done.stdout if expected == 0 else done.stderr).decode()
    return run


@pytest.fixture
def history(start, directory):
    with start("--directory-path", directory) as server:
        codes = [
            "let n = 1; let gone = 2; let same = { a: [1] }; function f() { return 1 }",
            "n = 'changed'; delete globalThis.x; new_one = [1, 2, 3]; same.a.push(2); 0",
        ]
        return [server.run(code, heap="h").structured["version"] for code in codes]


def test_the_tree(heaps, history):
    text = heaps("inspect", "h")
    assert "let n = \"changed\"" in text and "global new_one = [ 1, 2, 3 ]" in text
    assert "├─ 0: 1" in text and "└─ 2: 3" in text
    assert "let n = 1" in heaps("inspect", f"h@{history[0][:8]}")
    answer = json.loads(heaps("inspect", "h", "--json", "--find", "changed"))
    assert [match["path"] for match in answer["matches"]] == ["n"]
    assert "nobody" in heaps("inspect", "nobody", expected=1)


@pytest.mark.parametrize("options", [
    ("--find", "x" * 257), ("--find", "x" * 70_000), ("--find", "é" * 129), ("--depth", 21),
    ("--depth", -1), ("--limit", 0), ("--limit", 2**70)], ids=str)
def test_a_question_that_is_too_large_is_refused(heaps, history, options):
    name, value = options
    assert name in heaps("inspect", "h", f"{name}={value}", expected=64)


def test_a_reference_that_is_too_long_is_refused(heaps, history):
    for name in ("x" * 100_000, "h@" + "0" * 100_000, "é" * 60_000):
        for command in ("inspect", "show", "devtools"):
            more = ["/nonexistent/file"] if command == "devtools" else []
            error = heaps(command, name, *more, expected=64 if command != "inspect" else 1)
            assert "name" in error


def test_the_difference(heaps, history):
    answer = json.loads(heaps("diff", history[0], "h", "--json"))
    assert [entry["name"] for entry in answer["added"]] == ["new_one"]
    assert answer["removed"] == []
    changed = {entry["name"]: entry for entry in answer["changed"]}
    assert set(changed) == {"n", "same"} and changed["same"]["bytes"] >= 0
    assert changed["n"]["before"]["preview"] == "1"
    back = json.loads(heaps("diff", "h", history[0], "--json"))
    assert [entry["name"] for entry in back["removed"]] == ["new_one"]
    text = heaps("diff", history[0], "h")
    assert "+ global new_one" in text and "~ let n = 1 → \"changed\"" in text
    assert heaps("diff", "h", "h").strip() == "No differences."


def test_a_profile_for_chrome(heaps, start, directory, tmp_path):
    with start("--directory-path", directory) as server:
        server.run(
            "class Row { constructor(i) { this.inner = { i } } }\n"
            "var rows = Array.from({ length: 1000 }, (_, i) => new Row(i)), alias = rows;\n"
            "var bytes = new Uint8Array(50_000); 0", heap="h")
    file = tmp_path / "h.heapsnapshot"
    heaps("devtools", "h", file)
    profile = Profile(file)
    retained = profile.retained()
    rows = [node for node, name in enumerate(profile.names)
            if name == "Row" and profile.types[node] == "object"]
    assert len(rows) == 1000
    # A row keeps what is in it alive; the array its rows, by whatever names it is known.
    assert all(retained[row] > profile.sizes[row] for row in rows)
    arrays = {target for edges in profile.edges for _, name, target in edges if name == "rows"}
    assert max(retained[array] for array in arrays) >= sum(retained[row] for row in rows)
    reached = sum(size for node, size in enumerate(profile.sizes) if retained[node])
    assert retained[0] == reached > 1000 * 32 + 50_000
    assert retained[0] == max(retained)
    assert "exists" in heaps("devtools", "h", file, expected=1)
    assert "nobody" in heaps("devtools", "nobody", tmp_path / "no", expected=1)
    assert not (tmp_path / "no").exists()
