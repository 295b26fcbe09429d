internal import Glibc

/// Reads small files, such as those of the AWS tools.
enum FileContents {
    private static let byteCountMax = 1 << 20

    /// Reads a file; nil if that cannot be done or it is larger than any that is meant.
    static let read: AWSConfiguration.FileReader = { path in
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= byteCountMax {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return bytes }
            if count < 0 {
                guard errno == EINTR else { return nil }
                continue
            }
            bytes += chunk.prefix(count)
        }
        return nil
    }
}
