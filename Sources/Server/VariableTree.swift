internal import MCP

/// What was found in a heap, as lines for a terminal.
struct VariableTree {
    let text: String

    /// Lays out the answer to a question about variables or places.
    init(_ json: JSONObject) {
        var lines: [String] = []
        if let places = json["matches"]?.array {
            lines = places.map { "\($0.field("path"))  \($0.field("preview"))" }
            if places.isEmpty { lines = ["Nothing found."] }
            if json["complete"]?.boolean == false { lines.append("… not everything was searched") }
        } else {
            let variables = json["variables"]?.array ?? []
            for variable in variables {
                lines.append(VariableTree.head(of: variable))
                VariableTree.append(variable, to: &lines, indentation: "")
            }
            if variables.isEmpty { lines = ["No variables."] }
            if let omitted = json["omitted"]?.integer { lines.append("… \(omitted) more") }
        }
        text = lines.map(\.forTerminal).joined(separator: "\n")
    }

    private static func head(of variable: JSON) -> String {
        var line = "\(variable.field("kind")) \(variable.field("name"))"
        line += " = \(variable.field("preview"))"
        guard let reachable = variable["reachable_bytes"]?.integer, reachable > 0 else {
            return line
        }
        return "\(line)  (\(reachable) bytes)"
    }

    private static func append(_ value: JSON, to lines: inout [String], indentation: String) {
        let children = value["children"]?.array ?? []
        let omitted = value["omitted"]?.integer ?? 0
        for (index, child) in children.enumerated() {
            let isLast = index == children.count - 1 && omitted == 0
            lines.append(
                "\(indentation)\(isLast ? "└─" : "├─") \(child.field("name")): "
                    + child.field("preview"))
            append(child, to: &lines, indentation: indentation + (isLast ? "   " : "│  "))
        }
        if omitted > 0 { lines.append("\(indentation)└─ … \(omitted) more") }
    }
}

/// Which variables came, went and changed between two versions.
struct HeapDifference {
    private enum Change {
        case added(JSON)
        case removed(JSON)
        case changed(JSON, JSON)
    }

    private let versions: [JSON]
    private let changes: [Change]
    private let unchangedCount: Int
    private let isComplete: Bool

    /// Compares the answers to two questions for digests.
    init(from before: JSONObject, to after: JSONObject) {
        versions = [before["version"] ?? .null, after["version"] ?? .null]
        isComplete = before["omitted"] == nil && after["omitted"] == nil
        let old = HeapDifference.variables(before)
        let new = HeapDifference.variables(after)
        let oldByName = Dictionary(old.map { ($0.field("name"), $0) }) { first, _ in first }
        let newNames = Set(new.map { $0.field("name") })
        var changes: [Change] = []
        for variable in new {
            guard let was = oldByName[variable.field("name")] else {
                changes.append(.added(variable))
                continue
            }
            if HeapDifference.marks(was) != HeapDifference.marks(variable) {
                changes.append(.changed(was, variable))
            }
        }
        unchangedCount = new.count - changes.count
        changes += old.filter { !newNames.contains($0.field("name")) }.map(Change.removed)
        self.changes = changes
    }

    /// For a program.
    var json: JSONObject {
        var added: [JSON] = []
        var removed: [JSON] = []
        var changed: [JSON] = []
        for change in changes {
            switch change {
            case .added(let variable): added.append(variable)
            case .removed(let variable): removed.append(variable)
            case .changed(let was, let now):
                let bytes = JSONNumber(now.reachable - was.reachable)
                changed.append([
                    "name": .string(now.field("name")), "before": was, "after": now,
                    "bytes": .number(bytes),
                ])
            }
        }
        return [
            "from": versions[0], "to": versions[1], "added": .array(added),
            "removed": .array(removed), "changed": .array(changed),
            "unchanged": .number(JSONNumber(unchangedCount)), "complete": .boolean(isComplete),
        ]
    }

    /// For a person.
    var text: String {
        var lines = changes.map { change in
            switch change {
            case .added(let new): "+ \(new.summary)  (+\(new.reachable) bytes)"
            case .removed(let old): "- \(old.summary)  (-\(old.reachable) bytes)"
            case .changed(let was, let now):
                "~ \(was.summary) → \(now.field("preview"))  "
                    + "(\(HeapDifference.signed(now.reachable - was.reachable)) bytes)"
            }
        }
        if lines.isEmpty { lines = ["No differences."] }
        if !isComplete { lines.append("… not all variables were compared") }
        return lines.map(\.forTerminal).joined(separator: "\n")
    }

    private static func variables(_ json: JSONObject) -> [JSON] {
        // What the last run left by itself is no variable of anybody.
        (json["variables"]?.array ?? []).filter { $0["kind"] != "last" }
    }

    private static func marks(_ variable: JSON) -> [JSON?] {
        [variable["kind"], variable["type"], variable["digest"]]
    }

    private static func signed(_ number: Int) -> String { number < 0 ? "\(number)" : "+\(number)" }
}

extension JSON {
    fileprivate func field(_ name: String) -> String { self[name]?.string ?? "" }

    fileprivate var reachable: Int { self["reachable_bytes"]?.integer ?? 0 }

    fileprivate var summary: String {
        "\(field("kind")) \(field("name")) = \(field("preview"))"
    }
}

extension String {
    /// Without what a terminal obeys; a stored text may be anything.
    var forTerminal: String {
        var result = ""
        for scalar in unicodeScalars {
            let isObeyed = [.control, .format].contains(scalar.properties.generalCategory)
            result.unicodeScalars.append(isObeyed ? " " : scalar)
        }
        return result
    }
}
