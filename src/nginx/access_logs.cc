#include "nginx/access_logs.h"

#include <fmt/format.h>
#include <zlib.h>

#include "nginx/log_text.h"
#include "nginx/request.h"
#include "nginx/site.h"
#include "os/trusted_open.h"

namespace tierce::nginx {
namespace {

constexpr const char* kCombined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    "\"$http_user_agent\"";

std::string packed(std::string_view text, int level) {
  std::string out;
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) return out;
  out.resize(deflateBound(&stream, text.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // NOLINT: zlib's old signature
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

void append_log_line(Request& request, const conf::LogFormat& format, std::string& out) {
  VariableTable& table = request.site.variables();
  for (const conf::TextPart& part : format.text.parts) {
    if (part.kind == conf::TextPart::Kind::kLiteral) {
      out += part.text;
      continue;
    }
    const std::size_t at = out.size();
    if (part.slot == 0) part.slot = table.slot_of(part.text);
    const bool found = table.append(request, part.slot, out);
    escape_log_value(found, at, format.escape, out);
  }
}

Result<AccessLogs::Log> AccessLogs::prepare(const conf::AccessLog& settings) {
  Log log;
  log.settings = &settings;
  log.format = combined_.get();
  for (const conf::LogFormat& each : site_.model().http.log_formats) {
    if (each.name == settings.format) log.format = &each;
  }
  if (settings.path.constant()) {
    const std::string& name = settings.path.written;
    auto target = site_.log_targets().open(settings.syslog ? name : site_.full_path(name));
    if (!target) return fail(std::move(target).error());
    log.target = *target;
  }
  return log;
}

Result<void> AccessLogs::open() {
  combined_ = std::make_unique<conf::LogFormat>();
  combined_->name = "combined";
  auto text = conf::parse_text_value(kCombined);
  if (!text) return fail(std::move(text).error());
  combined_->text = std::move(*text);
  return {};
}

AccessLogs::Log* AccessLogs::find(const conf::AccessLog& settings) {
  auto& place = logs_[&settings];
  if (place == nullptr) {
    auto made = prepare(settings);
    if (!made) return nullptr;
    place = std::make_unique<Log>(std::move(*made));
    place->holder = holders_.try_emplace(place->target, place.get()).first->second;
  }
  return place.get();
}

void AccessLogs::add(Request& request) {
  const auto& given = request.settings->access_logs;
  if (!given) {
    // nginx logs where nobody has said anything, too.
    if (default_log_ == nullptr) {
      default_log_ = std::make_unique<conf::AccessLog>();
      default_log_->path = *conf::parse_text_value(site_.default_access_log());
      default_log_->format = "combined";
    }
  }
  const auto log_to = [&](const conf::AccessLog& settings) {
    if (settings.condition) {
      std::string room;
      const std::string_view value = site_.text(request, *settings.condition, room);
      if (value.empty() || value == "0") return;
    }
    Log* log = find(settings);
    if (log == nullptr) return;
    if (log->target == nullptr) {
      std::string line;
      append_log_line(request, *log->format, line);
      line += '\n';
      return write_to_variable_path(request, *log, line);
    }
    Log* holder = log->holder;
    if (holder->lines.empty()) holder->oldest_ms = site_.loop().now_ms();
    append_log_line(request, *log->format, holder->lines);
    holder->lines += '\n';
    if (!holder->waits) {
      holder->waits = true;
      waiting_.push_back(holder);
    }
  };
  if (!given) return log_to(*default_log_);
  for (const conf::AccessLog& each : *given) log_to(each);
}

void AccessLogs::write_to_variable_path(Request& request, Log& log, std::string_view line) {
  const std::string path = site_.full_path(site_.text(request, log.settings->path));
  const auto file = os::open_log_file(path);
  if (!file) return;
  if (::write(file->get(), line.data(), line.size()) < 0) return;
}

void AccessLogs::flush(Log& log) {
  if (log.settings->gzip_level > 0) {
    log.target->write_lines(packed(log.lines, log.settings->gzip_level));
  } else {
    log.target->write_lines(log.lines);
  }
  log.lines.clear();
}

void AccessLogs::flush_turn() {
  const std::uint64_t now = site_.loop().now_ms();
  std::erase_if(waiting_, [&](Log* log) {
    const conf::AccessLog& settings = *log->settings;
    constexpr std::int64_t kPackedBuffer = 65536;  // gzip without a size.
    const std::int64_t room = settings.buffer ? settings.buffer->bytes : settings.gzip_level > 0 ? kPackedBuffer : 0;
    const bool full = static_cast<std::int64_t>(log->lines.size()) >= room;
    const bool late = settings.flush && now - log->oldest_ms >= static_cast<std::uint64_t>(settings.flush->count());
    if (!full && !late) return false;
    flush(*log);
    log->waits = false;
    return true;
  });
}

void AccessLogs::flush_all() {
  for (Log* log : waiting_) {
    flush(*log);
    log->waits = false;
  }
  waiting_.clear();
}

}  // namespace tierce::nginx
