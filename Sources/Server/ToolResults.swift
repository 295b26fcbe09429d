internal import Execution
internal import Foundation
internal import Heaps
internal import MCP
internal import WorkerProtocol

extension ExecutionReport {
    /// The report as `run_js` answers it to a call with this code.
    func toolResult(of code: String, _ deletedHeaps: DeletedHeaps) -> ToolResult {
        switch outcome {
        case .value(let value): result(of: value)
        case .failure(let failure): result(of: failure, in: code, deletedHeaps)
        }
    }

    private func result(of value: ScriptValue) -> ToolResult {
        var content: JSONObject = [:]
        var note = value.isCut ? noteOnCut : nil
        // A worker's bytes are not taken for JSON until they were read as such.
        if let json = value.json {
            do throws(MCPError) {
                content["result"] = .raw(try RawJSON(validating: json))
            } catch {
                note = noteOnRefusal
            }
        }
        content["text"] = .string(value.text)
        content["note"] = note.map(JSON.string)
        guard let media = value.media else {
            addContext(to: &content)
            return .structured(content)
        }
        // The bytes as an object of numbers help nobody.
        content["result"] = nil
        content["media"] = [
            "type": .string(media.type), "bytes": .number(JSONNumber(media.bytes.count)),
        ]
        addContext(to: &content)
        var result = ToolResult.structured(content)
        result.content.append(media.contentBlock)
        return result
    }

    private func result(
        of failure: ExecutionFailure, in code: String, _ deletedHeaps: DeletedHeaps
    ) -> ToolResult {
        var error = failure.json(in: code)
        let run = ErrorHints.Run(
            heap: heap?.description, foundState: version != nil,
            deletedVersion: heap.flatMap { deletedHeaps.version(of: $0)?.text })
        let hint = ErrorHints.hint(for: failure, run)
        error["hint"] = hint.map(JSON.string)
        var content: JSONObject = ["error": .object(error)]
        addContext(to: &content)
        var text = failure.text(in: code)
        if let hint { text += "\n\nHint: \(hint)" }
        let printed = console.lines.map(\.text).joined(separator: "\n")
        if !printed.isEmpty {
            text += "\n\nConsole:\n" + printed.keepingEnd(characterCountMax: 4_000)
        }
        return ToolResult(.failure, text: text, structuredContent: .object(content))
    }

    /// How to get at the rest of a value that is too long.
    private var noteOnCut: String {
        let isKept = statistics.snapshotByteCount != nil
        return isKept
            ? "The value is too long to be shown whole. The next call on this heap finds it in _: "
                + "return a part, such as _.slice(0, 100) or Object.keys(_)."
            : "The value is too long to be shown whole: return a part of it."
    }

    /// Why a value has no `result` though it has JSON.
    private var noteOnRefusal: String {
        let limits = JSONLimits()
        return "The value has no result: it is nested deeper than \(limits.depthMax) levels, "
            + "or has more than \(limits.valueCountMax) values. "
            + "Return a part of it, or JSON.stringify it."
    }

    private func addContext(to content: inout JSONObject) {
        content["console"] = console.json
        content["heap"] = heap.map { .string($0.description) }
        content["version"] = version.map { .string($0.description) }
        if heap != nil { content["created"] = .boolean(created) }
        content["durable"] = isDurable.map { .boolean($0) }
        var stats: JSONObject = ["duration_ms": .milliseconds(statistics.duration)]
        stats["heap_bytes"] = statistics.heapByteCount.map { .number(JSONNumber($0)) }
        stats["snapshot_bytes"] = statistics.snapshotByteCount.map { .number(JSONNumber($0)) }
        content["stats"] = .object(stats)
    }
}

extension ExecutionFailure {
    /// A failure in which no code has a part.
    var toolResult: ToolResult { toolResult(of: "") }

    /// A failure that comes before any execution of this code.
    func toolResult(of code: String) -> ToolResult {
        ToolResult(
            .failure, text: text(in: code), structuredContent: ["error": .object(json(in: code))])
    }

    /// What a model reads: the stack where there is one, else the sentence; and the line of code.
    fileprivate func text(in code: String) -> String {
        let stack = scriptError?.stack ?? ""
        let text = (stack.isEmpty ? message : stack).keepingStart(characterCountMax: 6_000)
        return codeFrame(in: code).map { "\(text)\n\n\($0.text)" } ?? text
    }

    private func codeFrame(in code: String) -> CodeFrame? {
        scriptError?.place.flatMap { CodeFrame($0, in: code) }
    }

    fileprivate func json(in code: String) -> JSONObject {
        var error: JSONObject = [
            "kind": .string(kind.rawValue),
            "name": .string(scriptError?.name ?? kind.rawValue),
            "message": .string(message.keepingStart(characterCountMax: 6_000)),
        ]
        if let scriptError {
            error["message"] = .string(scriptError.message.keepingStart(characterCountMax: 6_000))
            error["stack"] = .string(scriptError.stack.keepingStart(characterCountMax: 6_000))
            if let place = scriptError.place, place.source == nil {
                error["line"] = .number(JSONNumber(place.line))
                error["column"] = .number(JSONNumber(place.column))
            }
            error["code_frame"] = codeFrame(in: code).map { .string($0.text) }
        }
        return error
    }
}

extension ScriptMedia {
    /// The file as clients get it: text as such, where it is text.
    fileprivate var contentBlock: ToolResult.ContentBlock {
        if isText, let text = String(validating: bytes, as: UTF8.self) {
            return .textFile(type: type, text)
        }
        return .file(type: type, base64: Data(bytes).base64EncodedString())
    }

    private var isText: Bool {
        let essence = type.prefix { $0 != ";" }
        return essence.hasPrefix("text/") || essence.hasSuffix("+xml") || essence.hasSuffix("json")
            || essence == "application/xml" || essence == "application/javascript"
    }
}

extension ConsoleTranscript {
    fileprivate var lines: [ConsoleLine] { head + tail }

    fileprivate var json: JSON {
        var entries = head.map(\.json)
        if let omission {
            entries.append([
                "omitted_lines": .number(JSONNumber(omission.lineCount)),
                "omitted_bytes": .number(JSONNumber(omission.byteCount)),
            ])
        }
        return .array(entries + tail.map(\.json))
    }
}

extension ConsoleLine {
    fileprivate var json: JSON {
        ["level": .string("\(level)"), "text": .string(text)]
    }
}

extension JSON {
    fileprivate static func milliseconds(_ duration: Duration) -> JSON {
        let microseconds = (duration / .microseconds(1)).rounded()
        return JSONNumber(microseconds / 1000).map(JSON.number) ?? .null
    }
}

extension String {
    fileprivate func keepingStart(characterCountMax: Int) -> String {
        count <= characterCountMax ? self : prefix(characterCountMax) + " …"
    }

    fileprivate func keepingEnd(characterCountMax: Int) -> String {
        count <= characterCountMax ? self : "… " + suffix(characterCountMax)
    }
}
