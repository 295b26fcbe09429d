import Glibc
import Testing

@testable import Transports

@Suite("Standard streams")
struct StdioStreamsTests {
    @Test("carry the protocol only: what else is printed goes to standard error")
    func strayPrints() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent, \.standardErrorContent]
        ) {
            let streams = try StdioStreams.claim()
            puts("stray")
            fflush(nil)
            _ = try streams.output.write(Array("frame\n".utf8)[...])
        }
        let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
        let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(output.contains("frame") && !output.contains("stray"))
        #expect(errors.contains("stray") && !errors.contains("frame"))
    }

    @Test("leave nothing to read for the rest of the process")
    func strayReads() async throws {
        await #expect(processExitsWith: .success) {
            _ = try StdioStreams.claim()
            #expect(getchar() == EOF)
        }
    }
}
