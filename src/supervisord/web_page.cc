#include "supervisord/web_page.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "http/percent.h"
#include "supervisord/log_reading.h"
#include "supervisord/process_info.h"
#include "supervisord/rpc_methods.h"

namespace tierce::supervisord {
namespace {

constexpr long kTailBytes = 16 << 10;

constexpr std::string_view kStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 "
    "1rem;color:#1c2430;background:#f7f8fa}"
    "h1{font-size:1.3rem;margin:0 0 .2rem}p.sub{margin:0 0 1rem;color:#5b6675}"
    "table{border-collapse:collapse;width:100%;background:#fff;border:1px solid #dde2e9}"
    "th,td{text-align:left;padding:.45rem .7rem;border-bottom:1px solid #e8ecf1;vertical-align:middle}"
    "th{font-weight:600;background:#eef1f5}td.name{font-weight:600}td.act{white-space:nowrap}"
    ".s{display:inline-block;min-width:5.5rem;text-align:center;border-radius:.7rem;padding:0 .5rem;font-size:.8rem;"
    "background:#e2e6ec}.RUNNING{background:#cdeed3;color:#11561f}.FATAL,.UNKNOWN{background:#f8cfd0;color:#7d1014}"
    ".BACKOFF,.STARTING,.STOPPING{background:#fdeabf;color:#6b4a00}"
    "form{display:inline}button{font:inherit;font-size:.85rem;padding:.15rem .6rem;margin-right:.2rem;border:1px solid "
    "#c3cad4;"
    "border-radius:.3rem;background:#fff;cursor:pointer}button:hover{background:#eef1f5}"
    "p.note{background:#e6f0fb;border:1px solid #bcd5f0;padding:.4rem .7rem;margin:.8rem 0}"
    "div.all{margin:.8rem 0}pre{background:#1c2430;color:#e8ecf1;padding:1rem;overflow:auto;white-space:pre-wrap}"
    "a{color:#1d5fb0}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Terminals' control bytes are none of a page's.
        out.push_back(static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c);
    }
  }
  return out;
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{}</title><style>{}</style></head>\n<body>\n{}</body></html>\n",
      escaped(title), kStyle, body);
}

std::string button(std::string_view action, std::string_view process, std::string_view label) {
  return fmt::format(
      "<form method=\"post\" action=\"/\"><input type=\"hidden\" name=\"action\" value=\"{}\"><input type=\"hidden\" "
      "name=\"processname\" value=\"{}\"><button>{}</button></form>",
      action, escaped(process), label);
}

std::string row(const Process& process) {
  const std::string whole = process.group() + ":" + process.name();
  std::string actions;
  if (is_running(process.state())) {
    actions = button("restart", whole, "Restart") + button("stop", whole, "Stop");
  } else {
    actions = button("start", whole, "Start");
  }
  actions += button("clearlog", whole, "Clear log");
  std::string logs;
  for (const bool errors : {false, true}) {
    if (process.log_path(errors).empty()) continue;
    const char* channel = errors ? "stderr" : "stdout";
    logs += fmt::format("<a href=\"/tail.html?processname={}&amp;channel={}\">{}</a> ", percent_encoded(whole), channel,
                        channel);
  }
  return fmt::format(
      "<tr><td><span class=\"s {0}\">{0}</span></td><td class=\"name\">{1}</td><td>{2}</td><td>{3}</td><td "
      "class=\"act\">{4}</td></tr>\n",
      name_of(process.state()), escaped(process.full_name()), escaped(describe(process)), logs, actions);
}

Process* find_process(Server& server, const std::string& name) {
  const std::size_t colon = name.find(':');
  const Group* group = server.find_group(name.substr(0, colon));
  return group != nullptr ? group->find(colon == std::string::npos ? name : name.substr(colon + 1)) : nullptr;
}

// What the method comes to without waiting.
std::string call(Server& server, const std::string& method, const Value::Array& parameters, const std::string& good) {
  const auto outcome = call_method(server, method, parameters)();
  if (outcome) {
    if (const Fault* bad = std::get_if<Fault>(&*outcome)) return bad->text;
  }
  return good;
}

}  // namespace

std::string form_value(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::size_t end = std::min(form.find('&'), form.size());
    const std::string_view pair = form.substr(0, end);
    form.remove_prefix(std::min(end + 1, form.size()));
    const std::size_t sign = pair.find('=');
    if (sign == std::string_view::npos || pair.substr(0, sign) != name) continue;
    std::string value(pair.substr(sign + 1));
    std::replace(value.begin(), value.end(), '+', ' ');
    value.resize(http::decode_path(value, value.data()));
    return value;
  }
  return {};
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

std::string index_page(Server& server, const std::string& message) {
  std::string body = fmt::format("<h1>{}</h1>\n<p class=\"sub\">tierce supervisord, pid {}, {}</p>\n",
                                 escaped(server.settings().identifier), ::getpid(), name_of(server.mood()));
  if (!message.empty()) body += fmt::format("<p class=\"note\" role=\"status\">{}</p>\n", escaped(message));
  body += "<div class=\"all\">" + button("refresh", "", "Refresh") + button("startall", "", "Start all") +
          button("restartall", "", "Restart all") + button("stopall", "", "Stop all") +
          " <a href=\"/tail.html\">activity log</a></div>\n";
  body +=
      "<table><thead><tr><th>State</th><th>Name</th><th>Description</th><th>Logs</th><th>Action</th></tr></"
      "thead><tbody>\n";
  for (const Group* group : server.groups()) {
    for (const auto& process : group->processes()) body += row(*process);
  }
  return page(server.settings().identifier, body + "</tbody></table>\n");
}

std::optional<std::string> tail_page(Server& server, const std::string& name, const std::string& channel) {
  std::string path = server.log().path();
  if (!name.empty()) {
    const Process* process = find_process(server, name);
    if (process == nullptr) return std::nullopt;
    path = process->log_path(channel == "stderr");
  }
  const Outcome outcome = path.empty() ? Outcome(fault(FaultCode::kNoFile)) : read_log(path, -kTailBytes, 0);
  const Value* value = std::get_if<Value>(&outcome);
  const std::string text = value != nullptr ? *value->as<std::string>() : "(there is no log that can be read)";
  const std::string title = name.empty() ? "activity log" : name + " " + (channel == "stderr" ? "stderr" : "stdout");
  return page(title, fmt::format("<h1>{}</h1>\n<p class=\"sub\"><a href=\"/\">back</a></p>\n<pre>{}</pre>\n",
                                 escaped(title), escaped(text)));
}

std::string obey_form(Server& server, const std::string& form) {
  const std::string action = form_value(form, "action");
  const std::string name = form_value(form, "processname");
  if (action == "refresh") return "Page refreshed";
  if (action == "startall") return call(server, "supervisor.startAllProcesses", {false}, "All processes started");
  if (action == "stopall") return call(server, "supervisor.stopAllProcesses", {false}, "All processes are stopping");
  if (action == "restartall") {
    for (const Group* group : server.groups()) {
      for (const auto& process : group->processes()) process->restart(Server::now());
    }
    return "All processes are restarting";
  }
  Process* process = find_process(server, name);
  if (process == nullptr) return "No such process";
  const std::string shown = process->full_name();
  if (action == "start") return call(server, "supervisor.startProcess", {name, false}, shown + " started");
  if (action == "stop") return call(server, "supervisor.stopProcess", {name, false}, shown + " is stopping");
  if (action == "clearlog")
    return call(server, "supervisor.clearProcessLogs", {name}, "The log of " + shown + " is cleared");
  if (action != "restart") return "Unknown action";
  process->restart(Server::now());
  return shown + " is restarting";
}

}  // namespace tierce::supervisord
