#include "edge/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "edge/worker_link.h"
#include "http/field_rules.h"

namespace tierce::edge {

namespace {

void append_pair(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).push_back('\0');
  out.append(value).push_back('\0');
}

}  // namespace

Exchange::Exchange(const http::HeadLimits& limits, const http::VariableLimits& variable_limits)
    : parser(limits, nullptr), fields(limits.fields_max), variables(variable_limits), head_(&parser.head()) {
  parser = http::RequestParser(limits, fields.data());
}

void Exchange::begin(ExchangeOwner* of) {
  owner = of;
  parser.reset();
  head_ = &parser.head();
  head_in_params_ = false;
  fate = Fate::kWaiting;
  id = 0;
  used = 0;
  body_in_buffer = false;
  body_bytes = 0;
  progress_seen = progress_ns = 0;
  queued_ns = 0;
  worker_pid = 0;
  worker = thread = response_fields = response_head_bytes = 0;
  packet_bytes = 0;
  from_file = not_logged = logged_anyway = false;
  response_head.clear();
  added_fields.clear();
  removed_fields.clear();
  remote_user.clear();
  added_variables.clear();
  log_variables.clear();
}

void Exchange::use_variables(HeadBytes where) {
  variables.reset();
  params.clear();
  head_ = &variables.head();
  head_in_params_ = where == HeadBytes::kParams;
}

void Exchange::finish() {
  deadline.cancel();
  in.consume(used);
  used = 0;
  body_memory.clear();
  if (body_memory.capacity() > 65536) body_memory.shrink_to_fit();
  body_file_ = os::UniqueFd();
}

bool Exchange::write_request(gateway::RequestMeta& meta, char* area, std::size_t area_bytes) const {
  const http::RequestHead& head = this->head();
  const std::size_t table = head.field_count * sizeof(http::HeaderField);
  const bool in_file = static_cast<bool>(body_file_);
  const std::size_t inline_body = in_file ? 0 : static_cast<std::size_t>(body_bytes);
  const std::size_t added_at = table + head.head_bytes;
  const std::size_t body_at = added_at + added_variables.size();
  if (body_at + inline_body > area_bytes) return false;
  meta.head = head;
  meta.client = client;
  meta.request_id = id;
  meta.head_at = static_cast<std::uint32_t>(table);
  meta.added_bytes = static_cast<std::uint32_t>(added_variables.size());
  meta.body_at = static_cast<std::uint32_t>(body_at);
  meta.body_bytes = body_bytes;
  meta.body_in_file = in_file;
  if (table > 0) std::memcpy(area, head_fields(), table);
  std::memcpy(area + table, head_bytes().data(), head.head_bytes);
  if (!added_variables.empty()) std::memcpy(area + added_at, added_variables.data(), added_variables.size());
  if (inline_body > 0) {
    std::memcpy(area + body_at, body_in_buffer ? in.data() + head.head_bytes : body_memory.data(), inline_body);
  }
  return true;
}

bool Exchange::add_variable(std::string_view name, std::string_view value) {
  if (name.empty() || added_variables.size() + name.size() + value.size() + 2 > gateway::kAddedVariablesBytes ||
      name.find('\0') != std::string_view::npos || value.find('\0') != std::string_view::npos) {
    return false;
  }
  append_pair(added_variables, name, value);
  return true;
}

void Exchange::add_log_variable(std::string_view name, std::string_view value) {
  constexpr std::size_t kMost = 65536;  // The application's alone are 8 KiB at most.
  if (log_variables.size() + name.size() + value.size() > kMost) return;
  append_pair(log_variables, name, value.substr(0, value.find('\0')));
}

std::string_view Exchange::log_variable(std::string_view name) const {
  std::string_view found;
  std::string_view rest = log_variables;
  const auto next = [&rest] {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
  };
  while (!rest.empty()) {
    const std::string_view each = next(), value = next();
    if (each == name) found = value;
  }
  return found;
}

void Exchange::drop_stored_body() {
  const std::size_t kept = head().head_bytes;
  in.cut(kept, used - kept);
  used = kept;
}

void Exchange::let_go() {
  if (link_ != nullptr) link_->let_go(slot_);
  link_ = nullptr;
}

void Exchange::notify() { owner->on_progress(); }

void Exchange::end_with(Fate why) {
  fate = why;
  notify();
}

std::string_view Exchange::field(std::string_view lower_name) const {
  const bool headers = head().form == http::FieldForm::kHeaders;
  for (std::uint32_t i = 0; i < head().field_count; ++i) {
    const std::string_view name = part(head_fields()[i].name);
    if (headers ? http::equals_ignoring_case(name, lower_name) : http::carries_header(name, lower_name)) {
      return part(head_fields()[i].value);
    }
  }
  return {};
}

std::string Exchange::id_text() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016lx", static_cast<unsigned long>(id));
  return text;
}

std::string Exchange::label() const {
  std::string text(part(head().method_name));
  text += ' ';
  const std::string_view target = part(head().target);
  text += target.substr(0, 200);
  if (target.size() > 200) text += "...";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

std::string describe(Fate fate, const config::EdgeSettings& settings) {
  switch (fate) {
    case Fate::kWaiting:
      return "waiting";
    case Fate::kWorkerDied:
      return "502: its worker died";
    case Fate::kTimedOut:
      return fmt::format("504: the application did not answer within {} s (--timeout)",
                         static_cast<double>(settings.request_timeout.count()) / 1000.0);
    case Fate::kHangs:
      return "504: a greenlet of its worker has kept all others waiting for too long (--timeout)";
    case Fate::kShed:
      return fmt::format("503: waited {} s for a free worker (--queue-timeout)",
                         static_cast<double>(settings.queue_timeout.count()) / 1000.0);
    case Fate::kQueueFull:
      return fmt::format("503: {} requests wait already (--queue-limit)", settings.queue_limit);
    case Fate::kNoWorkers:
      return "503: no worker can start, see the errors above";
    case Fate::kNonsense:
      return "502: its worker wrote what cannot be a response (its memory is corrupt)";
  }
  return {};
}

}  // namespace tierce::edge
