"""A reader of `.heapsnapshot` files, by the format that V8 names in them.

It finds what each object keeps alive as Chrome's developer tools do: an object retains what can be
reached from the root only through it, itself included.
"""

from __future__ import annotations

import json
from pathlib import Path

EDGE_TYPES = {"context", "element", "property", "internal", "hidden", "shortcut", "weak"}


class Profile:
    """Nodes by their index from 0, the root first."""

    def __init__(self, path: Path):
        content = json.loads(path.read_text())
        meta = content["snapshot"]["meta"]
        self.strings: list[str] = content["strings"]
        fields, size = meta["node_fields"], len(meta["node_fields"])
        columns = {name: content["nodes"][at::size] for at, name in enumerate(fields)}
        assert len(content["nodes"]) == size * content["snapshot"]["node_count"]
        types = meta["node_types"][fields.index("type")]
        self.types = [types[number] for number in columns["type"]]
        self.names = [self.strings[number] for number in columns["name"]]
        self.sizes: list[int] = columns["self_size"]
        assert len(set(columns["id"])) == len(self.sizes), "ids are unique"
        self.edges = self._edges(content, meta, columns["edge_count"], size)

    def _edges(self, content, meta, counts, node_size) -> list[list[tuple[str, object, int]]]:
        fields, size = meta["edge_fields"], len(meta["edge_fields"])
        flat = content["edges"]
        assert len(flat) == size * content["snapshot"]["edge_count"] == size * sum(counts)
        types = meta["edge_types"][fields.index("type")]
        assert set(types) == EDGE_TYPES
        edges, at = [], 0
        for count in counts:
            own = []
            for _ in range(count):
                kind, name, target = flat[at:at + size]
                assert target % node_size == 0 and target // node_size < len(counts)
                is_number = types[kind] in ("element", "hidden")
                own.append((types[kind], name if is_number else self.strings[name],
                            target // node_size))
                at += size
            edges.append(own)
        return edges

    def retained(self) -> list[int]:
        """Bytes that each node keeps alive; 0 for what cannot be reached."""
        order, parents = self._postorder()
        position = {node: at for at, node in enumerate(order)}
        dominators = {0: 0}
        changed = True
        while changed:
            changed = False
            for node in reversed(order[:-1]):
                known = [parent for parent in parents[node] if parent in dominators]
                dominator = known[0]
                for other in known[1:]:
                    while dominator != other:
                        if position[dominator] < position[other]:
                            dominator = dominators[dominator]
                        else:
                            other = dominators[other]
                if dominators.get(node) != dominator:
                    dominators[node], changed = dominator, True
        sizes = [0] * len(self.sizes)
        for node in order:
            sizes[node] += self.sizes[node]
            if node != 0:
                sizes[dominators[node]] += sizes[node]
        return sizes

    def _postorder(self) -> tuple[list[int], dict[int, list[int]]]:
        """What can be reached, each after all that is reached from it; and from where."""
        order, parents, seen = [], {}, {0}
        path = [(0, iter(self.edges[0]))]
        while path:
            node, rest = path[-1]
            for kind, _, target in rest:
                if kind == "weak":
                    continue
                parents.setdefault(target, []).append(node)
                if target not in seen:
                    seen.add(target)
                    path.append((target, iter(self.edges[target])))
                    break
            else:
                order.append(node)
                path.pop()
        return order, parents
