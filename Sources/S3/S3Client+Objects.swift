/// What is known of an object.
package struct S3ObjectInfo: Hashable, Sendable {
    /// How many bytes it has.
    package var byteCount: Int
    /// The entity tag, as the service wrote it.
    package var tag: String
    /// When it was written, by the service's clock, in whole seconds.
    package var lastModified: Timestamp
    /// When the service said so, by its clock.
    package var date: Timestamp
}

/// Under what condition an object is written.
package enum S3WriteCondition: Hashable, Sendable {
    case always
    /// There is none.
    case absent
    /// The present one has this entity tag.
    case unchanged(String)
}

/// What became of a write.
package enum S3WriteOutcome: Hashable, Sendable {
    /// The bytes are stored and have this entity tag.
    case stored(tag: String)
    /// The condition does not hold; if an earlier attempt got no clear answer, that may be its own
    /// work.
    case refused(afterUncertainAttempt: Bool)
}

/// What became of a delete.
package enum S3DeleteOutcome: Hashable, Sendable {
    /// There is no object any more; most services do not say whether there was one.
    case done
    /// The service says that there was none.
    case absent
    /// The present one has another entity tag.
    case changed
}

/// What an object is for, which decides where it is cheapest.
package enum S3ObjectUse: Hashable, Sendable {
    /// Large, and read seldom: the storage class that was asked for.
    case bulk
    /// Small: the service's default, as others have a smallest size and a shortest time.
    case record
}

extension S3Client {
    /// Reads an object; nil if there is none.
    ///
    /// - Throws: ``S3Error/tooLarge(byteCount:limit:)`` without reading a larger one.
    package func get(
        _ key: String, byteCountMax: Int
    ) async throws(S3Error) -> (bytes: [UInt8], info: S3ObjectInfo)? {
        var request = S3Request(method: "GET", key: key)
        // An error's text is longer than some objects may be.
        request.answerByteCountMax = max(byteCountMax, 1 << 16)
        request.answers = [404]
        if checksums == .whenSupported {
            request.headers.append(.init(name: "x-amz-checksum-mode", value: "ENABLED"))
            request.isChecked = true
        }
        let answer: HTTPAnswer
        do throws(S3Error) {
            answer = try await perform(request).http
        } catch {
            guard case .tooLarge(let byteCount, _) = error else { throw error }
            throw .tooLarge(byteCount: byteCount, limit: byteCountMax)
        }
        guard answer.status != 404 else { return nil }
        guard answer.body.count <= byteCountMax else {
            throw .tooLarge(byteCount: answer.body.count, limit: byteCountMax)
        }
        return (answer.body, info(of: answer, byteCount: answer.body.count))
    }

    /// Reads the first bytes of an object, fewer if it is shorter; nil if there is none.
    package func getBeginning(
        of key: String, byteCountMax: Int
    ) async throws(S3Error) -> (bytes: [UInt8], info: S3ObjectInfo)? {
        guard byteCountMax > 0 else { return try await head(key).map { ([], $0) } }
        var request = S3Request(method: "GET", key: key)
        request.headers = [.init(name: "Range", value: "bytes=0-\(byteCountMax - 1)")]
        request.answers = [404, 416]
        let answer = try await perform(request).http
        switch answer.status {
        case 404: return nil
        // There is no first byte: the object is empty.
        case 416: return try await head(key).map { ([], $0) }
        default:
            let byteCount = answer.contentRange?.totalByteCount ?? answer.body.count
            return (
                Array(answer.body.prefix(byteCountMax)), info(of: answer, byteCount: byteCount)
            )
        }
    }

    /// Looks an object up without reading it; nil if there is none.
    package func head(_ key: String) async throws(S3Error) -> S3ObjectInfo? {
        let request = S3Request(method: "HEAD", key: key, answers: [404])
        let answer = try await perform(request).http
        guard answer.status != 404 else { return nil }
        let byteCount = answer.header("Content-Length").flatMap { Int($0) }
        return info(of: answer, byteCount: byteCount ?? 0)
    }

    /// Writes an object, in parts if it is large.
    package func put(
        _ key: String, _ bytes: [UInt8], if condition: S3WriteCondition, use: S3ObjectUse
    ) async throws(S3Error) -> S3WriteOutcome {
        if bytes.count > settings.multipartThreshold {
            return try await putInParts(key, bytes, if: condition, use: use)
        }
        var request = S3Request(method: "PUT", key: key, body: bytes)
        request.headers = headers(of: condition) + headers(for: use)
        request.headers.append(.init(name: "Content-Type", value: "application/octet-stream"))
        if checksums == .whenSupported {
            request.headers.append(
                .init(name: "x-amz-checksum-sha256", value: sha256Base64Text(of: bytes)))
        }
        // For a condition on an object that is not there AWS answers 404, others 412.
        request.answers = condition == .always ? [] : [404, 412]
        let answer = try await perform(request)
        guard answer.http.isSuccess else {
            return .refused(afterUncertainAttempt: answer.followsUncertainAttempt)
        }
        return .stored(tag: answer.http.header("ETag") ?? "")
    }

    /// Removes an object, whether it is there or not.
    ///
    /// - Parameter tag: the entity tag that the object must have; a service may not look.
    @discardableResult
    package func delete(
        _ key: String, ifUnchanged tag: String? = nil
    ) async throws(S3Error) -> S3DeleteOutcome {
        var request = S3Request(method: "DELETE", key: key, answers: [404])
        if let tag {
            request.headers = headers(of: .unchanged(tag))
            request.answers.insert(412)
        }
        let answer = try await perform(request)
        switch answer.http.status {
        case 412: return .changed
        case 404 where !answer.followsUncertainAttempt: return .absent
        default: return .done
        }
    }

    /// Writes an object anew from another, or from itself to make it young; false if there is no
    /// source.
    package func copy(
        _ source: String, to key: String, use: S3ObjectUse
    ) async throws(S3Error) -> Bool {
        var request = S3Request(method: "PUT", key: key, answers: [404])
        let path = PercentEncoding.encode("\(settings.bucket)/\(source)", slash: .kept)
        request.headers =
            headers(for: use) + [
                .init(name: "x-amz-copy-source", value: path),
                // Without a change S3 copies nothing onto itself.
                .init(name: "x-amz-metadata-directive", value: "REPLACE"),
                .init(name: "Content-Type", value: "application/octet-stream"),
            ]
        return try await perform(request).http.status != 404
    }

    /// Lists keys in order, those after a key, that start so; at most 1,000.
    package func list(
        prefix: String, after: String?, limit: Int
    ) async throws(S3Error) -> (keys: [String], isComplete: Bool) {
        var request = S3Request(method: "GET")
        request.query = [
            .init(name: "list-type", value: "2"), .init(name: "prefix", value: prefix),
            .init(name: "max-keys", value: "\(min(limit, 1000))"),
        ]
        request.answerElement = "ListBucketResult"
        if let after { request.query.append(.init(name: "start-after", value: after)) }
        let answer = try await perform(request).http
        guard let document = XMLElement(answer.body), document.name == "ListBucketResult" else {
            throw .refused(
                status: answer.status, code: "", message: "a list that is no ListBucketResult")
        }
        let keys = document.children.filter { $0.name == "Contents" }
            .compactMap { $0.text(of: "Key") }
        let isComplete = document.text(of: "IsTruncated") != "true" || keys.isEmpty
        return (keys, isComplete)
    }

    private func info(of answer: HTTPAnswer, byteCount: Int) -> S3ObjectInfo {
        let now = timing.now()
        let written = answer.header("Last-Modified")
            .flatMap { Timestamp(httpDate: $0) }
        return S3ObjectInfo(
            byteCount: byteCount, tag: answer.header("ETag") ?? "",
            // Of unknown age counts as young.
            lastModified: written ?? now, date: answer.date ?? now)
    }
}

/// Headers that several operations share.
extension S3Client {
    func headers(of condition: S3WriteCondition) -> [SigningRequest.Header] {
        switch condition {
        case .always: return []
        case .absent: return [.init(name: "If-None-Match", value: "*")]
        case .unchanged(let tag):
            let bare = tag.hasPrefix("\"") ? String(tag.dropFirst().dropLast()) : tag
            return [
                .init(
                    name: "If-Match",
                    value: settings.tagQuoting == .quoted ? "\"\(bare)\"" : bare)
            ]
        }
    }

    func headers(for use: S3ObjectUse) -> [SigningRequest.Header] {
        var headers: [SigningRequest.Header] = []
        if let encryption = settings.encryption {
            headers.append(
                .init(name: "x-amz-server-side-encryption", value: encryption.rawValue))
            if let keyID = settings.encryptionKeyID {
                headers.append(
                    .init(name: "x-amz-server-side-encryption-aws-kms-key-id", value: keyID))
            }
            if settings.usesBucketKey {
                headers.append(
                    .init(name: "x-amz-server-side-encryption-bucket-key-enabled", value: "true"))
            }
        }
        if use == .bulk, let storageClass = settings.storageClass {
            headers.append(.init(name: "x-amz-storage-class", value: storageClass))
        }
        return headers
    }
}
