internal import CZstd

/// One-shot compression of whole snapshots.
enum Zstandard {
    /// The level with the best ratio for the time on V8's snapshots.
    private static let level: CInt = 1

    /// Compresses into one frame that says its plain size; nil if that would not make the bytes
    /// fewer.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        let capacity = ZSTD_compressBound(bytes.count)
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let result = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_compress(
                    buffer.baseAddress, capacity, source.baseAddress, source.count, level)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        return compressed.isEmpty || compressed.count >= bytes.count ? nil : compressed
    }

    /// Restores exactly this many bytes; nil if the frame is not theirs.
    ///
    /// Never writes more than announced: the destination is that large, and a frame that announces
    /// another size is refused before memory is taken for it.
    static func decompress(_ frame: ArraySlice<UInt8>, byteCount: Int) -> [UInt8]? {
        unsafe frame.withUnsafeBytes { source in
            let announced = unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
            guard announced == UInt64(byteCount) else { return nil }
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
                let result = unsafe ZSTD_decompress(
                    buffer.baseAddress, byteCount, source.baseAddress, source.count)
                count = ZSTD_isError(result) == 0 ? result : 0
            }
            return bytes.count == byteCount ? bytes : nil
        }
    }
}
