import CAttacks
import CSandbox
import Glibc

/// The attacks as made by a program that is confined as the one that strips types.
struct ToolAttacks {
    /// The program that makes one of them.
    let path: String
    private let target: pid_t
    private let file: String

    /// Starts another process of the user that such a program becomes, and makes a file that only
    /// this user may read; nil where one of them cannot be had.
    init?(path: String) {
        self.path = path
        let parent = getpid()
        let child = csandbox_fork()
        if child == 0 {
            guard csandbox_become_unprivileged() == 0, csandbox_die_with_parent(parent) == 0
            else { _exit(1) }
            while true { pause() }
        }
        target = child
        var name: [CChar] = Array("/tmp/mcp-v8-attack-XXXXXX".utf8CString)
        let descriptor = unsafe mkstemp(&name)
        guard child > 0, descriptor >= 0 else { return nil }
        file = unsafe String(cString: name)
        // Where root starts it the user is another one.
        _ = geteuid() == 0 ? fchown(descriptor, 65534, gid_t.max) : 0
        close(descriptor)
    }

    /// Ends that process, and removes the file.
    func end() {
        kill(target, SIGKILL)
        unlink(file)
    }

    /// Makes one attack: its end, as `waitpid` tells it; negative for none.
    func make(_ index: Int32) -> Int32 {
        let arguments: [String] = [path, "\(index)", "\(target)", file]
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        let streams = (0..<3).map { _ in unsafe csandbox_memory_file("mcp-v8-attack", 4096) }
        defer { streams.forEach { close($0) } }
        let child = unsafe csandbox_spawn_tool(path, &words, streams[0], streams[1], streams[2])
        guard child > 0 else { return child }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
        return status
    }
}
