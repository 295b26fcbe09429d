import Foundation
import Glibc
import Testing

@testable import Execution

/// What is decided of files as the kernel shows them; that it bounds workers is tested from
/// outside.
@Suite("Control groups", .timeLimit(.minutes(5)))
struct ControlGroupTests {
    private let bounds = ControlGroup.Bounds(memoryByteCountMax: 1 << 30, workersMax: 4)

    @Test("without the controllers there is none", arguments: ["", "0::/\n", "4:memory:/\n", "x"])
    func absent(_ membership: String) {
        withRoot { root in
            #expect(throws: ControlGroup.Refusal.absent) {
                try ControlGroup(bounds, root: root, membership: membership)
            }
        }
    }

    @Test("a group that leads out of its folder is not followed")
    func outside() {
        withRoot { root in
            #expect(throws: ControlGroup.Refusal.absent) {
                try ControlGroup(
                    bounds, root: root, membership: "4:memory:/../a\n5:pids:/../a\n")
            }
        }
    }

    @Test("root does not take what nobody marked as delegated", .enabled(if: geteuid() == 0))
    func unmarked() {
        withRoot { root in
            unified("\(root)/a", processes: "\(getpid())\n")
            #expect(throws: ControlGroup.Refusal.notDelegated) {
                try ControlGroup(bounds, root: root, membership: "0::/a\n")
            }
        }
    }

    @Test("others in the server's group are left where they are", .enabled(if: geteuid() != 0))
    func shared() {
        withRoot { root in
            unified("\(root)/a", processes: "1\n\(getpid())\n")
            #expect(throws: ControlGroup.Refusal.shared) {
                try ControlGroup(bounds, root: root, membership: "0::/a\n")
            }
        }
    }

    @Test("what a bound cannot be written to is not left behind")
    func refused() {
        withRoot { root in
            for name in ["memory", "pids"] { makeFolder("\(root)/\(name)/a") }
            // A folder that is not the kernel's has no such files.
            #expect(throws: ControlGroup.Refusal.refused(errno: ENOENT)) {
                try ControlGroup(bounds, root: root, membership: "4:memory:/a\n5:pids:/a\n")
            }
            #expect(files(in: "\(root)/memory/a").isEmpty)
            #expect(files(in: "\(root)/pids/a").isEmpty)
        }
    }

    @Test("groups of servers that are gone are removed, and only those")
    func leftovers() {
        withRoot { root in
            let gone = "\(ControlGroup.prefix)999999999"
            let others = ["\(ControlGroup.prefix)1", "\(ControlGroup.prefix)x", "else"]
            for name in ["memory", "pids"] {
                for folder in others + [gone] { makeFolder("\(root)/\(name)/a/\(folder)") }
            }
            _ = try? ControlGroup(bounds, root: root, membership: "4:memory:/a\n5:pids:/a\n")
            #expect(Set(files(in: "\(root)/memory/a")) == Set(others))
        }
    }

    @Test("memory of a process is what lines of these names say")
    func status() {
        let text = "VmRSS:\t 900 kB\nRssAnon:\t    300 kB\nRssFile:\t 500 kB\nRssShmem:\t100 kB\n"
        #expect(KernelText.byteCount(in: text, of: ["RssAnon:", "RssShmem:"]) == 400 << 10)
        #expect(KernelText.byteCount(in: text, of: ["RssAnon:"]) == 300 << 10)
        #expect(KernelText.byteCount(in: "", of: ["RssAnon:"]) == nil)
    }

    private func unified(_ path: String, processes: String) {
        makeFolder(path)
        for (name, text) in [
            ("controllers", "cpu memory pids\n"), ("subtree_control", ""), ("procs", processes),
        ] {
            let url = URL(filePath: "\(path)/cgroup.\(name)")
            #expect(throws: Never.self) { try Data(text.utf8).write(to: url) }
        }
    }

    private func makeFolder(_ path: String) {
        #expect(throws: Never.self) {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }
    }

    private func files(in path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    private func withRoot(_ body: (String) -> Void) {
        let root = FileManager.default.temporaryDirectory.path() + "groups-\(UUID().uuidString)"
        makeFolder(root)
        defer { try? FileManager.default.removeItem(atPath: root) }
        body(root)
    }
}
