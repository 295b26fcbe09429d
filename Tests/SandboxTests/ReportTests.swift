import Sandbox
import Testing
import WorkerProtocol

@Suite("Report on the sandbox")
struct ReportTests {
    @Test("keeps the first refusal of a layer that has several steps")
    func refusals() {
        var report = SandboxReport()
        report.add(.landlock, .on)
        report.add(.landlock, .refused(errno: 38))
        report.add(.landlock, .on)
        #expect(report.entries == [.init(.landlock, .refused(errno: 38))])
        #expect(report.missing == report.entries)
    }

    @Test("misses neither what holds nor what is of no use")
    func complete() {
        let report = SandboxReport([.init(.landlock, .on), .init(.userNamespace, .notNeeded)])
        #expect(report.missing.isEmpty)
    }

    @Test("says what is missing, why, and what to do")
    func text() {
        let error = SandboxError.missing([.init(.systemCallFilter, .refused(errno: 38))])
        #expect("\(error)".contains("systemCallFilter (Function not implemented)"))
        #expect("\(error)".contains("--sandbox off"))
    }

    @Test("names as essential what a worker is not started without")
    func essential() {
        #expect(SandboxLayer.systemCallFilter.isEssential)
        #expect(SandboxLayer.proof.isEssential)
        #expect(!SandboxLayer.networkNamespace.isEssential)
    }
}
