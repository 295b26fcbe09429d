import Foundation
import FuzzTargets
import Testing

/// The inputs that fuzzing found worth keeping, and those that once failed, tried again.
@Suite("Corpora", .timeLimit(.minutes(1)))
struct CorpusTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "FuzzTesting/Corpora")

    @Test(
        "every input of a corpus is refused or comes out as it went in",
        arguments: FuzzTarget.allCases)
    func corpus(_ target: FuzzTarget) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appending(path: target.rawValue), includingPropertiesForKeys: nil)
        #expect(files.count >= 5)
        for file in files { target.run(Array(try Data(contentsOf: file))) }
    }

    // Options are read in milliseconds, not microseconds.
    @Test(
        "no beginning of an input, and no flipped bit, fails",
        arguments: FuzzTarget.allCases.filter { $0 != .configuration })
    func altered(_ target: FuzzTarget) throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appending(path: target.rawValue), includingPropertiesForKeys: nil)
        for file in files {
            let input = Array(try Data(contentsOf: file).prefix(400))
            for count in input.indices {
                target.run(Array(input.prefix(count)))
                var flipped = input
                flipped[count] ^= 1 << UInt8(count % 8)
                target.run(flipped)
            }
        }
    }
}
