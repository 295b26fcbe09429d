internal import Logging

extension S3Client {
    /// How many parts are under way at once.
    private static let partsInFlightMax = 4

    /// Writes a large object in parts; nothing of it is seen until the last step.
    func putInParts(
        _ key: String, _ bytes: [UInt8], if condition: S3WriteCondition, use: S3ObjectUse
    ) async throws(S3Error) -> S3WriteOutcome {
        let upload = try await beginUpload(key, use)
        do throws(S3Error) {
            let parts = try await uploadParts(key, upload, bytes)
            let outcome = try await finishUpload(key, upload, parts, bytes, condition)
            if case .refused = outcome { await abort(key, upload) }
            return outcome
        } catch {
            await abort(key, upload)
            throw error
        }
    }

    private struct Part: Sendable {
        var number: Int
        var tag: String
        var checksum: String?
    }

    private func beginUpload(_ key: String, _ use: S3ObjectUse) async throws(S3Error) -> String {
        var request = S3Request(method: "POST", key: key, query: [.init(name: "uploads")])
        request.headers =
            headers(for: use) + [.init(name: "Content-Type", value: "application/octet-stream")]
        if checksums == .whenSupported {
            request.headers += [
                .init(name: "x-amz-checksum-algorithm", value: "CRC64NVME"),
                .init(name: "x-amz-checksum-type", value: "FULL_OBJECT"),
            ]
        }
        let answer = try await perform(request).http
        guard let upload = XMLElement(answer.body)?.text(of: "UploadId"), !upload.isEmpty else {
            throw .refused(
                status: answer.status, code: "", message: "an upload that has no UploadId")
        }
        return upload
    }

    private func uploadParts(
        _ key: String, _ upload: String, _ bytes: [UInt8]
    ) async throws(S3Error) -> [Part] {
        let starts = Array(stride(from: 0, to: bytes.count, by: settings.partByteCount))
        let result: Result<[Part], S3Error> = await withTaskGroup(
            of: Result<Part, S3Error>.self
        ) { group in
            var parts: [Part] = []
            var next = 0
            while next < starts.count || parts.count < starts.count {
                while next < starts.count, next - parts.count < Self.partsInFlightMax {
                    let end = min(starts[next] + settings.partByteCount, bytes.count)
                    let part = bytes[starts[next]..<end]
                    let number = next + 1
                    group.addTask {
                        do throws(S3Error) {
                            return .success(try await uploadPart(key, upload, number, part))
                        } catch {
                            return .failure(error)
                        }
                    }
                    next += 1
                }
                switch await group.next() {
                case .success(let part)?: parts.append(part)
                case .failure(let error)?:
                    group.cancelAll()
                    return .failure(error)
                case nil: break
                }
            }
            return .success(parts.sorted { $0.number < $1.number })
        }
        return try result.get()
    }

    private func uploadPart(
        _ key: String, _ upload: String, _ number: Int, _ bytes: ArraySlice<UInt8>
    ) async throws(S3Error) -> Part {
        var request = S3Request(method: "PUT", key: key, body: Array(bytes))
        request.query = [
            .init(name: "partNumber", value: "\(number)"), .init(name: "uploadId", value: upload),
        ]
        var checksum: String?
        if checksums == .whenSupported {
            let text = CRC64NVME.text(of: bytes)
            request.headers = [.init(name: "x-amz-checksum-crc64nvme", value: text)]
            checksum = text
        }
        let answer = try await perform(request).http
        return Part(
            number: number, tag: answer.header("ETag") ?? "", checksum: checksum)
    }

    private func finishUpload(
        _ key: String, _ upload: String, _ parts: [Part], _ bytes: [UInt8],
        _ condition: S3WriteCondition
    ) async throws(S3Error) -> S3WriteOutcome {
        let list = parts.map { part in
            let sum = part.checksum.map { "<ChecksumCRC64NVME>\($0)</ChecksumCRC64NVME>" } ?? ""
            return "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(part.tag)</ETag>\(sum)"
                + "</Part>"
        }
        let document =
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + list.joined() + "</CompleteMultipartUpload>"
        var request = S3Request(
            method: "POST", key: key, query: [.init(name: "uploadId", value: upload)],
            headers: headers(of: condition), body: Array(document.utf8))
        if checksums == .whenSupported {
            request.headers += [
                .init(name: "x-amz-checksum-crc64nvme", value: CRC64NVME.text(of: bytes[...])),
                .init(name: "x-amz-checksum-type", value: "FULL_OBJECT"),
            ]
        }
        request.answers = [404, 412]
        let answer = try await perform(request)
        switch answer.http.status {
        case 404 where answer.followsUncertainAttempt:
            // The upload is gone because an earlier attempt has finished it.
            guard let info = try await head(key) else {
                throw .unavailable("an upload of \(key) is gone, and so is what it made")
            }
            return .stored(tag: info.tag)
        case 404, 412:
            return .refused(afterUncertainAttempt: answer.followsUncertainAttempt)
        default:
            let tag = XMLElement(answer.http.body)?.text(of: "ETag")
            return .stored(tag: tag ?? answer.http.header("ETag") ?? "")
        }
    }

    /// Lets the service forget the parts; a lifecycle rule does for those that this misses.
    private func abort(_ key: String, _ upload: String) async {
        let request = S3Request(
            method: "DELETE", key: key, query: [.init(name: "uploadId", value: upload)],
            answers: [404])
        do throws(S3Error) {
            _ = try await perform(request)
        } catch {
            logger.warning(
                "The parts of an abandoned upload stay", metadata: ["reason": "\(error)"])
        }
    }
}
