#include "nginx/index_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "http/http_date.h"
#include "nginx/escape.h"

namespace tierce::nginx {
namespace {

using config::nginx::IndexFormat;
using std::string_view;
using Kind = IndexEntry::Kind;

constexpr std::size_t kNameWidth = 50;
constexpr std::size_t kCutNameWidth = kNameWidth - 3;  // ".." and '>' follow.
constexpr std::size_t kCallbackBytesMost = 128;

// How many bytes the first `most` characters take, and how many characters there are.
struct Width {
  std::size_t characters = 0;
  std::size_t bytes_of_cut = 0;
};

// The bytes of the character in front; 0: that is no UTF-8.
std::size_t character_bytes(string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[1]);
  const bool too_long = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond_unicode = first == 0xf4 && second > 0x8f;
  return too_long || beyond_unicode ? 0 : bytes;
}

Width width_in_bytes(string_view name) { return {name.size(), std::min(name.size(), kCutNameWidth)}; }

Width width_of(string_view name, bool utf8) {
  if (!utf8) return width_in_bytes(name);
  Width width;
  for (std::size_t at = 0; at < name.size(); ++width.characters) {
    const std::size_t bytes = character_bytes(name.substr(at));
    if (bytes == 0) return width_in_bytes(name);
    at += bytes;
    if (width.characters < kCutNameWidth) width.bytes_of_cut = at;
  }
  return width;
}

void append_name(const IndexEntry& entry, bool utf8, std::string& out) {
  out += "<a href=\"";
  append_uri_component(entry.name, out);
  const bool directory = entry.kind == Kind::kDirectory;
  out += directory ? "/\">" : "\">";
  const Width width = width_of(entry.name, utf8);
  if (width.characters > kNameWidth) {
    append_html(string_view(entry.name).substr(0, width.bytes_of_cut), out);
    out += "..&gt;</a>";
    return;
  }
  append_html(entry.name, out);
  std::size_t blanks = kNameWidth - width.characters;
  if (directory && blanks > 0) {
    out += '/';
    --blanks;
  }
  out += "</a>";
  out.append(blanks, ' ');
}

std::tm utc(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return parts;
}

void append_date(std::time_t time, std::string& out) {
  constexpr auto kMonths =
      std::to_array<string_view>({"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  const std::tm at = utc(time);
  fmt::format_to(std::back_inserter(out), " {:02}-{}-{} {:02}:{:02} ", at.tm_mday,
                 kMonths[static_cast<std::size_t>(at.tm_mon)], at.tm_year + 1900, at.tm_hour, at.tm_min);
}

// Halves go up.
std::int64_t in_units_of(std::int64_t unit, std::int64_t bytes) {
  return bytes / unit + (bytes % unit >= unit / 2 ? 1 : 0);
}

void append_short_size(std::int64_t bytes, std::string& out) {
  constexpr std::int64_t kKilo = 1024, kMega = kKilo * 1024, kGiga = kMega * 1024;
  constexpr std::int64_t kLastInBytes = 9999;
  const auto in = std::back_inserter(out);
  if (bytes >= kGiga) {
    fmt::format_to(in, "{:6}G", in_units_of(kGiga, bytes));
  } else if (bytes >= kMega) {
    fmt::format_to(in, "{:6}M", in_units_of(kMega, bytes));
  } else if (bytes > kLastInBytes) {
    fmt::format_to(in, "{:6}K", in_units_of(kKilo, bytes));
  } else {
    fmt::format_to(in, " {:6}", bytes);
  }
}

void append_size(const IndexEntry& entry, bool exact, std::string& out) {
  if (entry.kind == Kind::kDirectory) {
    out.append(exact ? 18 : 6, ' ');
    out += '-';
  } else if (exact) {
    fmt::format_to(std::back_inserter(out), "{:19}", entry.bytes);
  } else {
    append_short_size(entry.bytes, out);
  }
}

std::string html_page(string_view path, const std::vector<IndexEntry>& entries, const IndexLook& look) {
  std::string title;
  append_html(path, title);
  std::string page = fmt::format(
      "<html>\r\n<head><title>Index of {0}</title></head>\r\n<body>\r\n<h1>Index of {0}</h1><hr><pre>"
      "<a href=\"../\">../</a>\r\n",
      title);
  for (const IndexEntry& entry : entries) {
    append_name(entry, look.utf8, page);
    append_date(entry.modified + look.minutes_ahead * 60L, page);
    append_size(entry, look.exact_size, page);
    page += "\r\n";
  }
  page += "</pre><hr></body>\r\n</html>\r\n";
  return page;
}

string_view kind_word(Kind kind) {
  if (kind == Kind::kDirectory) return "directory";
  return kind == Kind::kFile ? "file" : "other";
}

std::string json_page(const std::vector<IndexEntry>& entries, string_view callback) {
  std::string page;
  if (!callback.empty()) page = fmt::format("/* callback */\r\n{}(", callback);
  page += '[';
  string_view between;
  for (const IndexEntry& entry : entries) {
    page += between;
    between = ",";
    page += "\r\n{ \"name\":\"";
    append_json(entry.name, page);
    char date[http::kHttpDateBytes];
    http::format_http_date(entry.modified, date);
    fmt::format_to(std::back_inserter(page), "\", \"type\":\"{}\", \"mtime\":\"{}\"", kind_word(entry.kind),
                   string_view(date, sizeof date));
    if (entry.kind == Kind::kFile) fmt::format_to(std::back_inserter(page), ", \"size\":{}", entry.bytes);
    page += " }";
  }
  page += "\r\n]";
  if (!callback.empty()) page += ");";
  return page;
}

std::string xml_page(const std::vector<IndexEntry>& entries) {
  std::string page = "<?xml version=\"1.0\"?>\r\n<list>\r\n";
  for (const IndexEntry& entry : entries) {
    const string_view word = kind_word(entry.kind);
    const std::tm at = utc(entry.modified);
    fmt::format_to(std::back_inserter(page), "<{} mtime=\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z\"", word,
                   at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
    if (entry.kind == Kind::kFile) fmt::format_to(std::back_inserter(page), " size=\"{}\"", entry.bytes);
    page += '>';
    append_html(entry.name, page);
    fmt::format_to(std::back_inserter(page), "</{}>\r\n", word);
  }
  page += "</list>\r\n";
  return page;
}

bool goes_before(const IndexEntry& a, const IndexEntry& b) {
  const bool a_directory = a.kind == Kind::kDirectory, b_directory = b.kind == Kind::kDirectory;
  return a_directory != b_directory ? a_directory : a.name < b.name;
}

}  // namespace

std::string index_page(string_view path, std::vector<IndexEntry> entries, const IndexLook& look) {
  std::sort(entries.begin(), entries.end(), goes_before);
  switch (look.format) {
    case IndexFormat::kJson:
      return json_page(entries, {});
    case IndexFormat::kJsonp:
      return json_page(entries, look.callback);
    case IndexFormat::kXml:
      return xml_page(entries);
    case IndexFormat::kHtml:
      break;
  }
  return html_page(path, entries, look);
}

string_view index_content_type(const IndexLook& look) {
  switch (look.format) {
    case IndexFormat::kJson:
      return "application/json";
    case IndexFormat::kJsonp:
      return look.callback.empty() ? "application/json" : "application/javascript";
    case IndexFormat::kXml:
      return "text/xml";
    case IndexFormat::kHtml:
      break;
  }
  return "text/html";
}

bool is_callback(string_view callback) {
  return callback.size() <= kCallbackBytesMost && std::all_of(callback.begin(), callback.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
         });
}

}  // namespace tierce::nginx
