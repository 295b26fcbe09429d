nice -n 0 swift build -c release --product mcp-v8 2>&1 | grep -E "error|warning:|Compiling|complete" | tail -30
swift build --build-tests 2>&1 | grep -E "error|complete|Compiling" | tail -30
swift test --skip-build --filter "QuarantineTests" 2>&1 | tail -40
swift test --skip-build --filter "TidyTests" 2>&1 | grep -E "✘|passed|failed" | tail
scripts/check
