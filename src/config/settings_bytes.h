// Settings as bytes, for another process of the same build: what is written in one order is read in the same. A visitor
// names each member once, for both directions.
#pragma once

#include <chrono>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tierce::config {

class BytesWriter {
 public:
  template <typename... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  std::string take() { return std::move(bytes_); }

 private:
  template <typename T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(const T& value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void put(const std::chrono::milliseconds& value) { put(value.count()); }
  void put(const std::string& text) {
    put(text.size());
    bytes_ += text;
  }
  template <typename A, typename B>
  void put(const std::pair<A, B>& both) {
    put(both.first);
    put(both.second);
  }
  template <typename T>
  void put(const std::vector<T>& all) {
    put(all.size());
    for (const T& each : all) put(each);
  }

  std::string bytes_;
};

class BytesReader {
 public:
  explicit BytesReader(std::string_view bytes) : left_(bytes) {}
  template <typename... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  // Nothing was missing so far.
  bool good() const { return good_; }
  // Everything was there, and nothing else.
  bool whole() const { return good_ && left_.empty(); }

 private:
  template <typename T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void get(T& value) {
    good_ = good_ && left_.size() >= sizeof value;
    if (!good_) return;
    std::memcpy(&value, left_.data(), sizeof value);
    left_.remove_prefix(sizeof value);
  }
  void get(std::chrono::milliseconds& value) {
    std::chrono::milliseconds::rep count = 0;
    get(count);
    value = std::chrono::milliseconds(count);
  }
  void get(std::string& text) {
    std::size_t bytes = 0;
    get(bytes);
    good_ = good_ && left_.size() >= bytes;
    if (!good_) return;
    text.assign(left_.substr(0, bytes));
    left_.remove_prefix(bytes);
  }
  template <typename A, typename B>
  void get(std::pair<A, B>& both) {
    get(both.first);
    get(both.second);
  }
  template <typename T>
  void get(std::vector<T>& all) {
    std::size_t count = 0;
    get(count);
    good_ = good_ && count <= left_.size();  // Each takes a byte at least.
    all.clear();
    for (std::size_t i = 0; good_ && i < count; ++i) {
      T each{};
      get(each);
      all.push_back(std::move(each));
    }
  }

  std::string_view left_;
  bool good_ = true;
};

}  // namespace tierce::config
