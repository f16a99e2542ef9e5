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

constexpr std::size_t kBuckets = 1024;    // Power of two.
constexpr std::size_t kEntriesMax = 512;  // A client that invents names must not fill the memory.

Entry* buckets[kBuckets];
std::deque<Entry> entries;
Entry overflow;  // The last name that found no place.

std::uint32_t hash_of(std::string_view name) {
  std::uint32_t hash = 2166136261u;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

bool fill(Entry& entry, std::string_view name) {
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

}  // namespace

bool prepare_header_keys() {
  for (const char* name : {"Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Connection", "Cookie",
                           "Content-Type", "Content-Length", "Referer", "X-Forwarded-For", "X-Forwarded-Proto"}) {
    if (find_header_key(name) == nullptr) return false;
  }
  return true;
}

const HeaderKey* find_header_key(std::string_view name) {
  std::size_t bucket = hash_of(name) & (kBuckets - 1);
  // Linear probing: at most half of the buckets are taken.
  for (; buckets[bucket] != nullptr; bucket = (bucket + 1) & (kBuckets - 1)) {
    if (buckets[bucket]->name == name) return &buckets[bucket]->key;
  }
  if (entries.size() >= kEntriesMax) {
    Py_CLEAR(overflow.key.environ_key);
    return fill(overflow, name) ? &overflow.key : nullptr;
  }
  entries.emplace_back();
  if (!fill(entries.back(), name)) {
    entries.pop_back();
    return nullptr;
  }
  buckets[bucket] = &entries.back();
  return &entries.back().key;
}

}  // namespace tierce::wsgi
