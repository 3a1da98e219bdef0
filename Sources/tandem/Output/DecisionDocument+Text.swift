import ManagementAPI

// How a decision is shown: the same for a call that was made and for one that was not.

extension Console {
    func print(_ decision: DecisionDocument, _ options: OutputOptions) {
        let format = options.format ?? .table
        switch format {
        case .table: write(.output, decision.text)
        case .json, .yaml, .csv: write(.output, decision.document.text(format))
        }
    }
}

extension DecisionDocument {
    /// For people: whom the call is taken for, its numbers, and each candidate on a line.
    var text: String {
        var rows = [
            ["taken for", "\(originKind) \(origin), recognised by \(sourceRule) \(source)"],
            ["configuration", "revision \(configurationRevision)"], ["caller", caller.text], ["callee", callee.text],
        ]
        if isForwarded { rows.append(["forwarded", "by a vendor"]) }
        if !refusal.isEmpty { rows.append(["refused", refusalMeaning == refusal ? refusal : "\(refusal): \(refusalMeaning)"]) }
        if !stop.isEmpty { rows.append(["no further try", "stop rule \(stop)"]) }
        if let rule = document["rule"], let name = rule["name"]?.text {
            rows.append(["rule", [name, rule["why"]?.text ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")])
        }
        if let evidence = document["evidence"]?.text { rows.append(["evidence", evidence]) }
        let head = TableText.text(header: nil, rows: rows)
        guard !candidates.isEmpty else { return head + (refusal.isEmpty ? "no gateway or phone takes the callee\n" : "") }
        let header = ["", "CANDIDATE", "PREFIX", "PRIORITY", "CALLS", "ASR", "VERDICT", "CALLER SENT", "CALLEE SENT", "WHY"]
        return head + "\n"
            + TableText.text(
                header: header,
                rows: candidates.enumerated().map { index, candidate in
                    [
                        "\(index + 1)", (candidate.kind == "phone" ? "phone " : "") + candidate.name + (candidate.isProtectRoute ? " (protect)" : ""),
                        candidate.prefix, "\(candidate.priority)", "\(candidate.calls)", candidate.answerRatio.map { "\($0) %" } ?? "",
                        candidate.verdict, candidate.caller, candidate.callee, candidate.why,
                    ]
                })
    }
}

extension DecisionDocument.Number {
    fileprivate var text: String {
        if rule.isEmpty { return received == routed ? received : "\(received), routed as \(routed)" }
        return "\(received), rewritten to \(routed.isEmpty ? "nothing" : routed) by \(rule)"
    }
}
