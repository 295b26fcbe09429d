internal import Glibc
import MCP

extension UpstreamConfiguration {
    /// The largest file that is read.
    private static let fileByteCountMax = 1 << 20

    /// Reads a configuration.
    ///
    /// - Parameter variable: the value of an environment variable.
    /// - Throws: ``UpstreamConfigurationError/faults(_:)`` with all that is wrong in it.
    package init(
        parsing bytes: [UInt8], variable: @escaping @Sendable (String) -> String?
    ) throws(UpstreamConfigurationError) {
        let text = ConfigurationText(bytes)
        let json: JSON
        do {
            json = try JSON(parsing: text.json, limits: JSONLimits(depthMax: 32))
        } catch {
            guard case .malformedJSON(let fault, let offset) = error else {
                throw .faults(["\(error)"])
            }
            throw .faults(["\(text.place(ofByte: offset)): no JSON: \(fault.rawValue)"])
        }
        var reader = ConfigurationReader(text, variables: VariableExpansion(value: variable))
        self = reader.configuration(json)
        guard reader.faults.isEmpty else { throw .faults(reader.faults) }
    }

    /// Reads a file, which must be safe from others: it runs commands with our rights.
    ///
    /// - Throws: ``UpstreamConfigurationError``.
    package init(
        path: String, variable: @escaping @Sendable (String) -> String?
    ) throws(UpstreamConfigurationError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw .unreadable(path: path, reason: Self.reason(errno)) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else {
            throw .unreadable(path: path, reason: Self.reason(errno))
        }
        try Self.check(
            path: path, mode: status.st_mode, owner: status.st_uid, byteCount: status.st_size,
            user: geteuid())
        try self.init(parsing: Self.read(file, path), variable: variable)
    }

    /// Whether a file may be believed.
    static func check(
        path: String, mode: mode_t, owner: uid_t, byteCount: Int, user: uid_t
    ) throws(UpstreamConfigurationError) {
        guard mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is no regular file")
        }
        guard byteCount <= fileByteCountMax else {
            throw .unreadable(path: path, reason: "it has more than \(fileByteCountMax) bytes")
        }
        guard owner == user || owner == 0 else {
            throw .unsafe(
                path: path,
                reason: "it belongs to user \(owner); it must belong to user \(user) or to root")
        }
        guard mode & 0o022 == 0 else {
            throw .unsafe(
                path: path,
                reason: "others may write to it (mode \(String(mode & 0o7777, radix: 8))); run"
                    + " chmod go-w on it")
        }
    }

    private static func read(
        _ file: Int32, _ path: String
    ) throws(UpstreamConfigurationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(path: path, reason: reason(errno))
            }
            bytes += buffer[..<count]
            guard bytes.count <= fileByteCountMax else {
                throw .unreadable(path: path, reason: "it grows while it is read")
            }
        }
    }

    private static func reason(_ code: Int32) -> String {
        unsafe strerror(code).flatMap { unsafe String(validatingCString: $0) } ?? "error \(code)"
    }
}
