internal import Foundation
internal import Heaps

extension SigningKeys {
    /// Reads the file of `--signing-key-file`.
    ///
    /// - Throws: ``SettingsError/invalid(_:)`` if others could read or change it, or if its keys
    ///   are no good.
    init(readingSettingsFile path: String) throws(SettingsError) {
        let flag = "--signing-key-file \(path)"
        let descriptor = unsafe Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .invalid("\(flag) cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .invalid("\(flag) is not a file")
        }
        guard [geteuid(), 0].contains(status.st_uid) else {
            throw .invalid("\(flag) belongs to another user: whoever has the key can forge heaps")
        }
        guard status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw .invalid("\(flag) can be used by others (mode \(mode)): run chmod 600 on it")
        }
        let content: Data?
        do { content = try handle.read(upToCount: SigningKeys.fileByteCountMax + 1) } catch {
            throw .invalid("\(flag) cannot be read: \(error.localizedDescription)")
        }
        do { try self.init(file: Array(content ?? Data())) } catch {
            throw .invalid("\(flag): \(error)")
        }
    }
}
