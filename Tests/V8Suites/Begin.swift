import Dispatch
import Glibc
import Testing

/// Runs in place of the main function of the program that V8 is in: the suites of this library.
@c(cv8_main)
func begin(
    argumentCount _: Int32, arguments _: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
    Task { exit(await Testing.__swiftPMEntryPoint()) }
    dispatchMain()
}
