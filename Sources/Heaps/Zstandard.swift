internal import CZstd

/// One-shot compression of whole snapshots.
///
/// A snapshot is compressed and decompressed in one call between two whole arrays: no window is
/// ever allocated, whatever a frame asks for.
enum Zstandard {
    /// The level with the best ratio for the time on V8's snapshots.
    private static let level: CInt = 1
    /// The same where most of a snapshot is in its prefix: it finds more there, and so is done
    /// earlier.
    private static let levelBehindPrefix: CInt = 2
    /// From this size on, matches far away are looked for in another way; below, that costs more
    /// than it finds.
    private static let longDistanceByteCountMin = 4 << 20
    /// The largest window of the format.
    private static let windowLogMax = 31

    /// Compresses into one frame that says its plain size; nil if that would not make the bytes
    /// fewer.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        compress(bytes) { context in
            unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        }
    }

    /// Compresses into one frame that can be decompressed behind the prefix only; nil if that would
    /// not make the bytes fewer.
    static func compress(_ bytes: [UInt8], behind prefix: [UInt8]) -> [UInt8]? {
        // The window has to reach from the last byte back to the prefix's first.
        let windowLog = max(10, Int.bitWidth - (bytes.count + prefix.count).leadingZeroBitCount)
        guard windowLog <= windowLogMax, !prefix.isEmpty else { return nil }
        let isLong = bytes.count >= longDistanceByteCountMin
        return unsafe prefix.withUnsafeBytes { prefix in
            compress(bytes) { context in
                let parameters: KeyValuePairs = unsafe [
                    ZSTD_c_compressionLevel: isLong ? level : levelBehindPrefix,
                    ZSTD_c_windowLog: CInt(windowLog),
                    ZSTD_c_enableLongDistanceMatching: isLong ? 1 : 0,
                ]
                for (parameter, value) in parameters {
                    let result = unsafe ZSTD_CCtx_setParameter(context, parameter, value)
                    if ZSTD_isError(result) != 0 { return result }
                }
                return unsafe ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count)
            }
        }
    }

    /// Restores exactly this many bytes; nil if the frame is not theirs.
    ///
    /// Never writes more than announced: the destination is that large, and a frame that announces
    /// another size is refused before memory is taken for it.
    static func decompress(
        _ frame: ArraySlice<UInt8>, behind prefix: [UInt8] = [], byteCount: Int
    ) -> [UInt8]? {
        unsafe frame.withUnsafeBytes { source in
            let announced = unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
            guard announced == UInt64(byteCount) else { return nil }
            guard let context = unsafe ZSTD_createDCtx() else { return nil }
            defer { unsafe ZSTD_freeDCtx(context) }
            return unsafe prefix.withUnsafeBytes { prefix in
                let isReady = unsafe ZSTD_DCtx_refPrefix(
                    context, prefix.baseAddress, prefix.count)
                guard ZSTD_isError(isReady) == 0 else { return nil }
                let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) {
                    buffer, count in
                    let result = unsafe ZSTD_decompressDCtx(
                        context, buffer.baseAddress, byteCount, source.baseAddress, source.count)
                    count = ZSTD_isError(result) == 0 ? result : 0
                }
                return bytes.count == byteCount ? bytes : nil
            }
        }
    }

    private static func compress(
        _ bytes: [UInt8], _ prepare: (OpaquePointer) -> Int
    ) -> [UInt8]? {
        guard let context = unsafe ZSTD_createCCtx() else { return nil }
        defer { unsafe ZSTD_freeCCtx(context) }
        guard unsafe ZSTD_isError(prepare(context)) == 0 else { return nil }
        let capacity = ZSTD_compressBound(bytes.count)
        let compressed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let result = unsafe bytes.withUnsafeBytes { source in
                unsafe ZSTD_compress2(
                    context, buffer.baseAddress, capacity, source.baseAddress, source.count)
            }
            count = ZSTD_isError(result) == 0 ? result : 0
        }
        return compressed.isEmpty || compressed.count >= bytes.count ? nil : compressed
    }
}
