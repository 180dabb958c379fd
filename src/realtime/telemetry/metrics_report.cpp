#include "realtime/telemetry/metrics_report.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/utf8.hpp"
#include "domain/schema/fields.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxLabels = 8;
constexpr std::size_t kMaxLabelName = 32;
constexpr std::size_t kMaxLabelValue = 64;
constexpr double kMaxValue = 9'007'199'254'740'991;
constexpr Milliseconds kOldest = std::chrono::hours(24);
constexpr Milliseconds kClockSkew = std::chrono::minutes(5);
constexpr std::size_t kMaxIssues = 10;

bool is_name(std::string_view text, std::size_t most) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':' || c == '-' || c == '/';
  };
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), fits);
}

std::optional<double> number(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto read = value->to_number<double>();
  if (!std::isfinite(read) || std::abs(read) > kMaxValue) return std::nullopt;
  return read;
}

bool are_labels(const json::value& labels) {
  const auto* members = labels.if_object();
  if (members == nullptr || members->size() > kMaxLabels) return false;
  return std::all_of(members->begin(), members->end(), [](const auto& label) {
    const auto* text = label.value().if_string();
    return is_name(label.key(), kMaxLabelName) && text != nullptr && text->size() <= kMaxLabelValue &&
           is_valid_utf8(*text) && std::none_of(text->begin(), text->end(), [](char c) {
             return static_cast<unsigned char>(c) < 0x20;
           });
  });
}

class MetricReader {
 public:
  explicit MetricReader(UnixMillis now) : now_(now) {}

  void read(const json::value& metric, std::size_t index) {
    const std::string place = "/metrics/" + std::to_string(index);
    const auto* members = metric.if_object();
    if (members == nullptr) return refuse(place, "must be an object");
    Sample sample;
    sample.at = now_;
    sample.name = json::string_or_empty(metric, "name");
    if (!is_name(sample.name, kMaxName))
      refuse(place + "/name", "must be 1 to 64 letters, digits, '_', '.', ':', '/' or '-'");
    const auto value = number(members->if_contains("value"));
    if (!value) refuse(place + "/value", "must be a number within 2^53 - 1");
    read_labels(members->if_contains("labels"), place, sample);
    read_time(members->if_contains("at"), place, sample);
    for (const auto& member : *members) {
      const std::string_view name = member.key();
      if (name != "name" && name != "value" && name != "labels" && name != "at")
        refuse(place + domain::json_pointer(name), "is not known here");
    }
    if (!issues_.empty()) return;  // nothing of a report with a mistake is taken
    sample.value = *value;
    samples_.push_back(std::move(sample));
  }

  void refuse(std::string pointer, std::string reason) {
    if (issues_.size() < kMaxIssues) issues_.push_back({std::move(pointer), std::move(reason)});
  }

  [[nodiscard]] Result<std::vector<Sample>> finish() {
    if (issues_.empty()) return std::move(samples_);
    const std::string message = issues_.front().pointer + " " + issues_.front().reason;
    return tl::unexpected(Error{Errc::invalid_argument, message, std::move(issues_)});
  }

 private:
  void read_labels(const json::value* labels, const std::string& place, Sample& sample) {
    if (labels == nullptr || labels->is_null()) {
      sample.labels = "{}";
    } else if (are_labels(*labels)) {
      sample.labels = json::canonical(*labels);
    } else {
      refuse(place + "/labels", "must be an object of at most 8 short names with texts of at most 64 bytes");
    }
  }
  void read_time(const json::value* at, const std::string& place, Sample& sample) {
    if (at == nullptr || at->is_null()) return;
    const auto* text = at->if_string();
    const auto time = parse_iso8601(text == nullptr ? std::string_view{} : std::string_view(*text));
    if (!time || time->value < now_.value - kOldest.count() ||
        time->value > now_.value + kClockSkew.count()) {
      refuse(place + "/at", "must be an ISO 8601 time of the last 24 hours");
    } else {
      sample.at = *time;
    }
  }

  UnixMillis now_;
  std::vector<Sample> samples_;
  std::vector<FieldIssue> issues_;
};

}  // namespace

Result<std::vector<Sample>> read_metrics(const json::value& body, UnixMillis now) {
  MetricReader reader(now);
  const auto* metrics = json::find(body, "metrics");
  for (const auto& member : body.as_object())
    if (member.key() != "metrics") reader.refuse(domain::json_pointer(member.key()), "is not known here");
  if (metrics == nullptr) {
    reader.refuse("/metrics", "is required");
  } else if (!metrics->is_array()) {
    reader.refuse("/metrics", "must be an array");
  } else if (metrics->get_array().size() > kMaxReport) {
    reader.refuse("/metrics", "must have at most " + std::to_string(kMaxReport) + " elements");
  } else {
    std::size_t index = 0;
    for (const auto& metric : metrics->get_array()) reader.read(metric, index++);
  }
  return reader.finish();
}

}  // namespace togglecast::realtime
