internal import Glibc

/// Small files of the kernel's.
enum KernelText {
    private static let byteCountMax = 64 << 10

    /// What a file says; nil where it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: byteCountMax)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        return count >= 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    /// The sum of the lines `Name: N kB` of these names, in bytes; nil if one is not there.
    static func byteCount(in text: String, of names: [Substring]) -> Int? {
        let sizes = text.split(separator: "\n").compactMap { line -> Int? in
            let words = line.split(whereSeparator: \.isWhitespace)
            return words.count > 1 && names.contains(words[0]) ? Int(words[1]) : nil
        }
        return sizes.count == names.count ? sizes.reduce(0, +) << 10 : nil
    }

    /// What is in a directory; nothing where it cannot be read.
    static func names(in directory: String) -> [String] {
        guard let folder = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            names.append(
                unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: unsafe bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }

    /// Writes a file that is there.
    static func write(_ text: String, to path: String) throws(ControlGroup.Refusal) {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .refused(errno: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        let count = unsafe Glibc.write(descriptor, bytes, bytes.count)
        guard count == bytes.count else { throw .refused(errno: count < 0 ? errno : EIO) }
    }
}
