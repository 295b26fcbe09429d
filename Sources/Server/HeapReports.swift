internal import Foundation
internal import Heaps
internal import MCP
internal import WorkerProtocol

// What is told of heaps and versions, by tools and by commands alike.

extension HeapHead {
    /// Where a heap is.
    var json: JSONObject {
        var json: JSONObject = [
            "name": .string(name.text), "version": .string(version.text),
            "updated": .string(updated.text), "bytes": .number(JSONNumber(snapshotByteCount)),
            // Each run made one, on the one before.
            "versions": .number(JSONNumber(runNumber)),
        ]
        if isQuarantined { json["quarantined"] = true }
        return json
    }
}

extension HeapPage.Entry {
    /// Where a heap is, or what is wrong with it.
    var json: JSONObject {
        switch self {
        case .heap(let head): head.json
        case .damaged(let name, let damage):
            ["name": .string(name.text), "damaged": .string("\(damage)")]
        }
    }
}

extension HeapMove {
    /// Where a heap is, and where it was.
    var json: JSONObject {
        var json = head.json
        json["replaced"] = replaced.map { .string($0.version.text) }
        return json
    }
}

extension VersionRecord {
    /// What a list of versions says of each.
    var json: JSONObject {
        var json: JSONObject = ["version": .string(version.text)]
        json["parent"] = parent.map { .string($0.text) }
        json["time"] = .string(created.text)
        json["duration_ms"] = JSONNumber(Double(durationMicroseconds) / 1000).map(JSON.number)
        json["heap_bytes"] = .number(JSONNumber(heapByteCount))
        json["bytes"] = .number(JSONNumber(snapshotByteCount))
        json["run"] = .number(JSONNumber(runNumber))
        json["code"] = .string(codeFirstLine)
        return json
    }
}

extension HeapHistory {
    /// The versions and why there are no more.
    var json: JSONObject {
        ["versions": .array(records.map { .object($0.json) }), "end": .string(end.rawValue)]
    }
}

extension WallTime {
    /// The moment in UTC as ISO 8601, such as `2026-01-31T12:00:00.000Z`.
    var text: String {
        // Years of four digits; other moments come only from files that were made up.
        let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
        let milliseconds = min(max(millisecondsSince1970, range.lowerBound), range.upperBound)
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
