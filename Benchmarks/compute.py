"""JavaScript that computes, the same code everywhere, timed by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack

from clients import StdioClient
from measuring import Series
from servers import OurServer, deno, nodes

PROGRAMS = {
    "recursion": """
        function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
        result = fib(32);""",
    "floating point": """
        let x = 1, y = 0, z = 0;
        for (let i = 0; i < 1.2e7; i++) {
            const a = 10 * (y - x), b = x * (28 - z) - y, c = x * y - 8 / 3 * z;
            x += a * 1e-4; y += b * 1e-4; z += c * 1e-4 }
        result = x.toFixed(3);""",
    "typed arrays": """
        const sieve = new Uint8Array(8e6); let count = 0;
        for (let i = 2; i < sieve.length; i++) { if (sieve[i]) continue; count++;
            for (let j = i * 2; j < sieve.length; j += i) sieve[j] = 1 }
        result = count;""",
    "objects and sorting": """
        let seed = 7; const next = () => seed = (seed * 1103515245 + 12345) % 2147483648;
        const rows = Array.from(
            {length: 120000}, (_, id) => ({id, key: next() % 1000, value: next()}));
        rows.sort((a, b) => a.key - b.key || a.value - b.value);
        result = rows.filter(row => row.key < 500).map(row => row.value % 7)
            .reduce((a, b) => a + b, 0);""",
    "maps": """
        const counts = new Map(); let seed = 7;
        for (let i = 0; i < 1.2e6; i++) { seed = (seed * 1103515245 + 12345) % 2147483648;
            const key = seed % 50000; counts.set(key, (counts.get(key) ?? 0) + 1) }
        result = counts.size;""",
    "text": """
        let text = ''; for (let i = 0; i < 60000; i++) text += `item ${i * 37 % 1000}, `;
        const words = text.split(', ')
            .map(word => word.toUpperCase().replace(/ITEM (\\d+)/, '$1'));
        const found = text.match(/\\b\\d\\d\\b/g) ?? [];
        result = [...new Set(words)].join('').length + found.length;""",
    "JSON": """
        const rows = Array.from(
            {length: 30000}, (_, id) => ({id, name: 'n' + id, tags: ['a', 'b', id % 7]}));
        let text;
        for (let i = 0; i < 6; i++) text = JSON.stringify(JSON.parse(JSON.stringify(rows)));
        result = text.length;""",
}


def timed(program: str) -> str:
    """Code whose value is the time it took, in milliseconds, and what it computed."""
    return ("(() => { let result; const began = performance.now(); "
            + program + "\nreturn (performance.now() - began) + ' ' + result })()")


def compute(ours: OurServer, rounds: int) -> dict[str, dict]:
    """Every program everywhere, in the order A B A B; fails where one computes something else."""
    rows = {}
    with ExitStack() as stack:
        places = _places(ours, stack)
        for name, program in PROGRAMS.items():
            series = {place: Series() for place in places}
            results = set()
            for round in range(rounds):
                for place, run in places.items():
                    milliseconds, result = run(timed(program)).split(" ", 1)
                    results.add(result.strip())
                    series[place].seconds.append(float(milliseconds) / 1e3)
            assert len(results) == 1, f"{name}: different results {results}"
            rows |= {f"{name} / {place}": {"program": name, "place": place, **each.row()}
                     for place, each in series.items()}
    return rows


def _places(ours: OurServer, stack: ExitStack) -> dict[str, Callable[[str], str]]:
    client = stack.enter_context(ours.stdio("--in-memory"))
    client.call("run_js", code="let kept = 1", heap="h")
    places = {
        "on a heap": lambda code: _ours(client, code, heap="h"),
        "without a heap": lambda code: _ours(client, code),
    }
    for name, path in nodes().items():
        places[name] = lambda code, path=path: _process([path, "-p", code])
    if (path := deno()) is not None:
        places["deno"] = lambda code: _process([path, "eval", "--print", code])
    return places


def _ours(client: StdioClient, code: str, **more: object) -> str:
    return client.call("run_js", code=code, **more)["structuredContent"]["result"]


def _process(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
