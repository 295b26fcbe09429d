import FuzzTargets
import Glibc

/// What is fuzzed, by `FUZZ_TARGET`.
private let target: FuzzTarget = {
    let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("FUZZ_TARGET is \"\(name)\"; it must be one of \(names)")
    }
    return target
}()

/// Tries one input, by the name that libFuzzer looks for.
@_cdecl("LLVMFuzzerTestOneInput")
public func tryOne(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    target.run(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ tryOne: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

/// The main function, by the name that the package manager gives it: it knows nothing of libFuzzer,
/// which has one of its own.
@_cdecl("mcp_v8_fuzz_main")
public func start(
    _ argumentCount: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> CInt {
    var argumentCount = argumentCount
    var arguments = unsafe arguments
    return unsafe runFuzzer(&argumentCount, &arguments) { unsafe tryOne($0, $1) }
}
