#include "wsgi/header_keys.h"

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "http/field_rules.h"

namespace tierce::wsgi {
namespace {

struct Entry {
  std::string name;  // As sent: "user-agent" and "User-Agent" are two entries with one key.
  HeaderKey key;
};

std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

bool fill_header(Entry& entry, std::string_view name) {
  std::string key;
  const bool plain =
      http::equals_ignoring_case(name, "content-type") || http::equals_ignoring_case(name, "content-length");
  if (!plain) key = "HTTP_";
  for (const char c : name) key += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  PyObject* text = PyUnicode_InternFromString(key.c_str());
  if (text == nullptr) return false;
  entry.name = name;
  entry.key = {text, http::equals_ignoring_case(name, "cookie"), http::equals_ignoring_case(name, "transfer-encoding")};
  return true;
}

bool fill_variable(Entry& entry, std::string_view name) {
  PyObject* text = PyUnicode_DecodeLatin1(name.data(), static_cast<Py_ssize_t>(name.size()), nullptr);
  if (text == nullptr) return false;
  PyUnicode_InternInPlace(&text);
  entry.name = name;
  entry.key = {text, false, name.starts_with("wsgi.") || name.starts_with("tierce.")};
  return true;
}

class KeyCache {
 public:
  using Fill = bool (*)(Entry& entry, std::string_view name);
  explicit KeyCache(Fill fill) : fill_(fill) {}

  const HeaderKey* find(std::string_view name) {
    std::size_t bucket = hash_of(name) & (kBuckets - 1);
    // Linear probing: at most half of the buckets are taken.
    for (; buckets_[bucket] != nullptr; bucket = (bucket + 1) & (kBuckets - 1)) {
      if (buckets_[bucket]->name == name) return &buckets_[bucket]->key;
    }
    if (entries_.size() >= kEntriesMax) {
      Py_CLEAR(overflow_.key.environ_key);
      return fill_(overflow_, name) ? &overflow_.key : nullptr;
    }
    entries_.emplace_back();
    if (!fill_(entries_.back(), name)) {
      entries_.pop_back();
      return nullptr;
    }
    buckets_[bucket] = &entries_.back();
    return &entries_.back().key;
  }

 private:
  static constexpr std::size_t kBuckets = 1024;    // Power of two.
  static constexpr std::size_t kEntriesMax = 512;  // A client that invents names must not fill the memory.

  Fill fill_;
  Entry* buckets_[kBuckets] = {};
  std::deque<Entry> entries_;
  Entry overflow_{};  // The last name that found no place.
};

KeyCache headers(fill_header);
KeyCache variables(fill_variable);

}  // namespace

bool prepare_header_keys() {
  for (const char* name : {"Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Connection", "Cookie",
                           "Content-Type", "Content-Length", "Referer", "X-Forwarded-For", "X-Forwarded-Proto"}) {
    if (find_header_key(name) == nullptr) return false;
  }
  return true;
}

const HeaderKey* find_header_key(std::string_view name) { return headers.find(name); }
const HeaderKey* find_variable_key(std::string_view name) { return variables.find(name); }

}  // namespace tierce::wsgi
