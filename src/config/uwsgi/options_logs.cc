// Options about the lines that requests leave in the log.
#include <fmt/format.h>

#include <array>

#include "config/uwsgi/option_arguments.h"
#include "config/uwsgi/written_value.h"

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

Done log_format(Applying& a, const Assignment& line) {
  a.settings.edge.uwsgi_line.format = text_of(line);
  return {};
}
Done log_micros(Applying& a, const Assignment& line) {
  a.settings.edge.uwsgi_line.micros = flag(a, line);
  return {};
}
Done memory_report(Applying& a, const Assignment& line) {
  a.settings.edge.uwsgi_line.memory = boolean_of(text_of(line)).value_or(true);
  return {};
}
Done forwarded_for(Applying& a, const Assignment& line) {
  a.settings.edge.uwsgi_line.forwarded_for = flag(a, line);
  return {};
}
// Alone it asks for a date, which our lines always have; with a format that one is meant.
Done log_date(Applying& a, const Assignment& line) {
  if (!boolean_of(text_of(line))) a.log_date = text_of(line);
  return {};
}
Done format_time(Applying& a, const Assignment& line) {
  a.formats_time = flag(a, line);
  return {};
}

Done log_4xx(Applying& a, const Assignment& line) {
  a.settings.edge.logged.status_4xx = flag(a, line);
  return {};
}
Done log_5xx(Applying& a, const Assignment& line) {
  a.settings.edge.logged.status_5xx = flag(a, line);
  return {};
}
Done log_zero(Applying& a, const Assignment& line) {
  a.settings.edge.logged.without_body = flag(a, line);
  return {};
}
Done log_files(Applying& a, const Assignment& line) {
  a.settings.edge.logged.files = boolean_of(text_of(line)).value_or(true);
  return {};
}
Done log_lost(Applying& a, const Assignment& line) {
  a.settings.edge.logged.client_lost = boolean_of(text_of(line)).value_or(true);
  return {};
}
Done log_slow(Applying& a, const Assignment& line) {
  a.settings.edge.logged.slow_ms = number(a, line, 0, kMany);
  return {};
}
Done log_big(Applying& a, const Assignment& line) {
  a.settings.edge.logged.big_bytes = number(a, line, 0, std::uint64_t{1} << 50);
  return {};
}

// The words of edge/line_encoder.h, so that a wrong one is named with its line.
bool is_encoder(string_view text) {
  const string_view name = text.substr(0, text.find(' '));
  for (const string_view known : {"prefix", "suffix", "nl", "format", "json"}) {
    if (name == known) return true;
  }
  return false;
}
void add_encoder(Applying& a, const Assignment& line, std::vector<std::string>& encoders) {
  if (is_encoder(text_of(line))) {
    encoders.emplace_back(text_of(line));
  } else {
    a.note(line, fmt::format("{}: '{}' is not supported: lines stay as they are", line.name, text_of(line)));
  }
}
Done log_encoder(Applying& a, const Assignment& line) {
  add_encoder(a, line, a.log_encoders);
  return {};
}
Done request_encoder(Applying& a, const Assignment& line) {
  add_encoder(a, line, a.request_encoders);
  return {};
}

Done log_maxsize(Applying& a, const Assignment& line) {
  a.settings.log_files.bytes_max = number(a, line, 0, std::uint64_t{1} << 50);
  return {};
}
Done log_backup(Applying& a, const Assignment& line) {
  a.settings.log_files.backup = text_of(line);
  return {};
}
Done log_truncate(Applying& a, const Assignment& line) {
  a.settings.log_files.truncated = flag(a, line);
  return {};
}
Done log_reopen(Applying& a, const Assignment& line) {
  a.settings.log_files.reopened_by_reload = flag(a, line);
  return {};
}
Done logfile_chown(Applying& a, const Assignment& line) {
  a.settings.log_files.owned_by_user = flag(a, line);
  return {};
}
Done logfile_chmod(Applying& a, const Assignment& line) {
  auto mode = file_mode(line);
  if (!mode) return fail(std::move(mode).error());
  a.settings.log_files.mode = *mode;
  return {};
}

constexpr std::array kRows = {
    honoured("log-format", Argument::kText, log_format, "The line of a request: %(addr) %(method) %(uri) ..."),
    also("logformat", "log-format"),
    honoured("log-micros", Argument::kFlag, log_micros, "uWSGI's own line of a request tells microseconds."),
    honoured("memory-report", Argument::kOptional, memory_report,
             "uWSGI's own line of a request tells the worker's memory."),
    honoured("log-x-forwarded-for", Argument::kFlag, forwarded_for, "%(addr) is what X-Forwarded-For says."),
    honoured("logdate", Argument::kOptional, log_date,
             "A format of strftime for %(ftime); messages always have their date."),
    also("log-date", "logdate"),
    honoured("logformat-strftime", Argument::kFlag, format_time, "%(ftime) is written as log-date says."),
    also("log-format-strftime", "logformat-strftime"),
    honoured("log-4xx", Argument::kFlag, log_4xx, "Responses with such a status are logged even with disable-logging."),
    honoured("log-5xx", Argument::kFlag, log_5xx, "Responses with such a status are logged even with disable-logging."),
    honoured("log-zero", Argument::kFlag, log_zero, "Responses without a body are logged even with disable-logging."),
    honoured("log-sendfile", Argument::kValue, log_files, "Files are logged even with disable-logging."),
    honoured("log-ioerror", Argument::kValue, log_lost,
             "Requests whose client left are logged even with disable-logging."),
    honoured("log-slow", Argument::kValue, log_slow,
             "Requests that took this many milliseconds are logged even with disable-logging."),
    honoured("log-big", Argument::kValue, log_big, "Bodies of this many bytes are logged even with disable-logging."),
    honoured("log-maxsize", Argument::kValue, log_maxsize,
             "A log file of more bytes is moved away, to its name with the time behind it, and begun anew."),
    honoured("log-backupname", Argument::kValue, log_backup, "The name it gets then."),
    honoured("log-truncate", Argument::kFlag, log_truncate, "Log files are emptied at the start."),
    honoured("log-reopen", Argument::kFlag, log_reopen, "A reload opens the log files anew."),
    honoured("logfile-chown", Argument::kFlag, logfile_chown, "Log files are the user's that the server runs as."),
    honoured("logfile-chmod", Argument::kValue, logfile_chmod, "Octal mode of the log files."),
    honoured("log-encoder", Argument::kText, log_encoder,
             "prefix, suffix, nl, format or json: what becomes of a request's line without a req-logger."),
    honoured("log-req-encoder", Argument::kText, request_encoder,
             "prefix, suffix, nl, format or json: what becomes of a request's line with a req-logger."),
};

}  // namespace

Family log_options() { return {kRows, {}}; }

}  // namespace tierce::config::uwsgi
