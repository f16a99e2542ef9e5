#include "config/uwsgi/magic.h"

#include <fmt/format.h>

namespace tierce::config::uwsgi {
namespace {

using std::string_view;

// What the letters of one file are made of.
struct Parts {
  string_view base;       // shop.tar.ini
  string_view directory;  // /srv/shop/
  string_view folder;     // shop
  string_view stem;       // shop.tar
  string_view extension;  // ini
};

Parts parts_of(string_view path) {
  Parts parts;
  const std::size_t slash = path.rfind('/');
  parts.base = slash == string_view::npos ? path : path.substr(slash + 1);
  parts.directory = slash == string_view::npos ? string_view() : path.substr(0, slash + 1);
  const string_view above = parts.directory.substr(0, parts.directory.empty() ? 0 : parts.directory.size() - 1);
  parts.folder = above.substr(above.rfind('/') + 1);
  const std::size_t dot = parts.base.rfind('.');
  parts.stem = parts.base.substr(0, dot);
  parts.extension = dot == string_view::npos ? string_view() : parts.base.substr(dot + 1);
  return parts;
}

// %0 is the first folder of the path, %1 the second ...
string_view folder_at(string_view directory, int index) {
  string_view rest = directory;
  for (int at = 0;; ++at) {
    if (rest.starts_with('/')) rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    if (at == index) return rest.substr(0, end);
    if (end == rest.size()) return {};
    rest.remove_prefix(end);
  }
}

// djb33x, its bytes from the lowest to the highest.
std::string path_hash(string_view path) {
  std::uint32_t hash = 5381;
  for (const char c : path) hash = ((hash << 5) + hash) ^ static_cast<unsigned char>(c);
  return fmt::format("{:02X}{:02X}{:02X}{:02X}", hash & 0xff, hash >> 8 & 0xff, hash >> 16 & 0xff, hash >> 24);
}

std::string of_file(char letter, const ConfigFile& file) {
  const Parts parts = parts_of(file.path);
  switch (letter) {
    case 'o':
      return file.given;
    case 'p':
      return file.path;
    case 's':
      return std::string(parts.base);
    case 'd':
      return std::string(parts.directory);
    case 'e':
      return std::string(parts.extension);
    case 'n':
      return std::string(parts.stem);
    case 'c':
      return std::string(parts.folder);
    case 'x':
      return file.section;
    default:
      return {};
  }
}

std::string of_letter(char letter, const ConfigFile& file, const ConfigFile& original, const Surroundings& around) {
  constexpr string_view kOfOriginal = "OPSDENCX";
  if (kOfOriginal.find(letter) != string_view::npos) return of_file(static_cast<char>(letter | 0x20), original);
  if (letter >= '0' && letter <= '9') return std::string(folder_at(parts_of(file.path).directory, letter - '0'));
  switch (letter) {
    case '%':
      return "%";
    case 'v':
      return around.machine().working_directory;
    case 'V':
      return std::string(kSpokenVersion);
    case 'h':
      return around.machine().hostname;
    case 'b':
      return around.machine().program;
    case 't':
      return std::to_string(around.machine().microseconds / 1'000'000);
    case 'T':
      return std::to_string(around.machine().microseconds);
    case 'k':
      return std::to_string(around.machine().cpus);
    case 'u':
      return std::to_string(around.machine().uid);
    case 'U':
      return around.machine().user;
    case 'g':
      return std::to_string(around.machine().gid);
    case 'G':
      return around.machine().group;
    case 'i':
      return std::to_string(around.inode(file.path));
    case 'j':
      return path_hash(file.path);
    default:
      return of_file(letter, file);
  }
}

}  // namespace

std::string replace_magic(string_view text, const ConfigFile& file, const ConfigFile& original,
                          const Surroundings& surroundings) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    // "%(" waits for the placeholders; a percent sign at the very end stands for itself.
    if (text[at] != '%' || at + 1 == text.size() || text[at + 1] == '(') {
      out += text[at];
      continue;
    }
    out += of_letter(text[++at], file, original, surroundings);
  }
  return out;
}

}  // namespace tierce::config::uwsgi
