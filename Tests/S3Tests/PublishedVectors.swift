import Foundation
import Testing

/// Test data that others have published, beside this project: it is theirs and not part of it.
enum PublishedVectors {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../shared/testdata").standardized

    /// Whether it is there; a test that needs it says so when it is not.
    static let areThere = FileManager.default.fileExists(
        atPath: folder.appendingPathComponent("sigv4").path)

    static let absence = Comment(
        "The published vectors are not at \(folder.path): what needs them is not tested.")

    static func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
    }

    static func json(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appendingPathComponent(path))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
