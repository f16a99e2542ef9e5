// A value of XML-RPC, and what a call comes to.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tierce::supervisord {

struct Value {
  using Array = std::vector<Value>;
  using Struct = std::vector<std::pair<std::string, Value>>;

  Value() : data(std::string()) {}
  Value(bool yes) : data(yes) {}                      // NOLINT(google-explicit-constructor): values read as literals
  Value(long number) : data(number) {}                // NOLINT(google-explicit-constructor)
  Value(int number) : data(long{number}) {}           // NOLINT(google-explicit-constructor)
  Value(double number) : data(number) {}              // NOLINT(google-explicit-constructor)
  Value(std::string text) : data(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  Value(std::string_view text) : data(std::string(text)) {}  // NOLINT(google-explicit-constructor)
  Value(const char* text) : data(std::string(text)) {}       // NOLINT(google-explicit-constructor)
  Value(Array array) : data(std::move(array)) {}             // NOLINT(google-explicit-constructor)
  Value(Struct fields) : data(std::move(fields)) {}          // NOLINT(google-explicit-constructor)

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&data);
  }
  const Value* field(std::string_view name) const {
    const Struct* fields = as<Struct>();
    if (fields == nullptr) return nullptr;
    for (const auto& [key, value] : *fields) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  std::variant<bool, long, double, std::string, Array, Struct> data;
};

enum class FaultCode : int {
  kUnknownMethod = 1,
  kIncorrectParameters = 2,
  kBadArguments = 3,
  kSignatureUnsupported = 4,
  kShutdownState = 6,
  kBadName = 10,
  kBadSignal = 11,
  kNoFile = 20,
  kNotExecutable = 21,
  kFailed = 30,
  kAbnormalTermination = 40,
  kSpawnError = 50,
  kAlreadyStarted = 60,
  kNotRunning = 70,
  kSuccess = 80,
  kAlreadyAdded = 90,
  kStillRunning = 91,
  kCantReread = 92,
};

struct Fault {
  FaultCode code;
  std::string text;  // "BAD_NAME: web"
};
// The name of the code and, where there is one, what it is about.
Fault fault(FaultCode code, std::string_view about = {});

using Outcome = std::variant<Value, Fault>;

}  // namespace tierce::supervisord
