-- For wrk: posts tools/call with ids of its own and counts an answer as good only if it is a result.
-- wrk … -s load.lua URL -- TOOL ARGUMENTS HEAPS    (HEAPS names for "%d" in ARGUMENTS; 1 without)
-- TOOL "ping" sends the request of that name instead.
local threads = {}

function setup(thread)
    table.insert(threads, thread)
    thread:set("number", #threads)
end

function init(arguments)
    tool, json, heaps = arguments[1], arguments[2] or "{}", tonumber(arguments[3] or "1")
    sent, good, bad, sample = 0, 0, 0, ""
end

local meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
    .. '"io.modelcontextprotocol/clientInfo":{"name":"wrk","version":"4"},'
    .. '"io.modelcontextprotocol/clientCapabilities":{}}'

function request()
    sent = sent + 1
    local headers = {
        ["Content-Type"] = "application/json",
        ["Accept"] = "application/json, text/event-stream",
        ["MCP-Protocol-Version"] = "2026-07-28",
    }
    local start = '{"jsonrpc":"2.0","id":' .. (number * 100000000 + sent)
    local body
    if tool == "ping" then
        headers["Mcp-Method"] = "ping"
        body = start .. ',"method":"ping","params":{' .. meta .. '}}'
    else
        headers["Mcp-Method"], headers["Mcp-Name"] = "tools/call", tool
        local arguments = json:gsub("%%d", tostring(sent % heaps), 1)
        body = start .. ',"method":"tools/call","params":{"name":"' .. tool .. '","arguments":'
            .. arguments .. ',' .. meta .. '}}'
    end
    return wrk.format("POST", nil, headers, body)
end

function response(status, headers, body)
    if status == 200 and body:find('"result"', 1, true) and not body:find('"isError":true', 1, true) then
        good = good + 1
    else
        bad = bad + 1
        sample = status .. " " .. body:sub(1, 300)
    end
end

function done(summary, latency, requests)
    local good, bad, sample = 0, 0, ""
    for _, thread in ipairs(threads) do
        good, bad = good + thread:get("good"), bad + thread:get("bad")
        if thread:get("sample") ~= "" then sample = thread:get("sample") end
    end
    local seconds, errors = summary.duration / 1e6, summary.errors
    io.write(string.format(
        'JSON {"calls":%d,"bad":%d,"per_second":%.1f,"p50_ms":%.4f,"p95_ms":%.4f,"p99_ms":%.4f,'
            .. '"mean_ms":%.4f,"socket_errors":%d}\n',
        good, bad, good / seconds, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
        latency:percentile(99) / 1e3, latency.mean / 1e3,
        errors.connect + errors.read + errors.write + errors.timeout))
    if sample ~= "" then io.write("SAMPLE " .. sample .. "\n") end
end
