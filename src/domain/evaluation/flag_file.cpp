#include "domain/evaluation/flag_file.hpp"

#include <algorithm>
#include <set>

#include "domain/schema/fields.hpp"

namespace togglecast::domain::evaluation {
namespace {

class FlagFileReader {
 public:
  explicit FlagFileReader(Strictness strictness) : options_{strictness} {}

  Result<FlagFile> read(const json::object& document) {
    read_metadata(document);
    read_evaluators(document);
    read_flags(document);
    if (issues_.empty()) return std::move(file_);
    Error error{Errc::invalid_argument, issues_.front().pointer + ": " + issues_.front().reason, {}};
    error.details = std::move(issues_);
    return tl::unexpected(std::move(error));
  }

 private:
  void read_metadata(const json::object& document) {
    const json::value* metadata = document.if_contains("metadata");
    if (metadata == nullptr) return;
    check_metadata(*metadata, "/metadata", issues_);
    if (metadata->is_object()) file_.metadata = metadata->get_object();
  }

  void read_evaluators(const json::object& document) {
    const json::value* evaluators = document.if_contains("$evaluators");
    if (evaluators == nullptr) return;
    if (!evaluators->is_object()) {
      issues_.push_back({"/$evaluators", "must be an object"});
      return;
    }
    Issues ignored;  // a flag that refers to a broken one says so itself
    file_.evaluators =
        compile_evaluators(evaluators->get_object(), "/$evaluators", options_, strict() ? issues_ : ignored);
  }

  void read_flags(const json::object& document) {
    const json::value* flags = document.if_contains("flags");
    if (flags == nullptr) {
      issues_.push_back({"/flags", "is required"});
    } else if (const auto* members = flags->if_object()) {
      for (const auto& member : *members) {
        read_flag(member.key(), member.value(), "/flags" + json_pointer(member.key()));
      }
    } else if (const auto* elements = flags->if_array()) {
      for (std::size_t i = 0; i < elements->size(); ++i) {
        read_flag(json::string_or_empty((*elements)[i], "key"), (*elements)[i],
                  "/flags/" + std::to_string(i));
      }
    } else {
      issues_.push_back({"/flags", "must be an object or an array"});
    }
  }

  void read_flag(std::string_view key, const json::value& body, const std::string& origin) {
    if (key.empty()) issues_.push_back({origin, "must have a key"});
    if (!keys_.emplace(key).second) issues_.push_back({origin, "has the key of another flag"});
    auto definition = evaluation::read_flag(body, origin, options_.strictness, issues_);
    if (!definition) return;
    file_.flags.push_back(std::make_shared<const Flag>(std::string(key), std::move(*definition),
                                                       finder(file_.evaluators), options_, origin,
                                                       strict() ? &issues_ : nullptr));
  }

  [[nodiscard]] bool strict() const { return options_.strictness == Strictness::as_schema; }

  CompileOptions options_;
  FlagFile file_;
  Issues issues_;
  std::set<std::string, std::less<>> keys_;
};

}  // namespace

const Flag* FlagFile::find(std::string_view key) const noexcept {
  const auto found =
      std::find_if(flags.begin(), flags.end(), [key](const auto& flag) { return flag->key() == key; });
  return found == flags.end() ? nullptr : found->get();
}

Result<FlagFile> read_flag_file(const json::value& document, Strictness strictness) {
  const auto* members = document.if_object();
  if (members == nullptr) return fail_field("", "must be an object");
  return FlagFileReader(strictness).read(*members);
}

}  // namespace togglecast::domain::evaluation
