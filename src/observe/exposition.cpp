// The Prometheus text format 0.0.4:
//
//   family := "# HELP " name " " text "\n" "# TYPE " name " " type "\n" sample*
//   sample := name ["{" label="value" ("," label="value")* "}"] " " number "\n"
//
// A histogram has the samples name_count, name_sum, and name_bucket with the label `le` for each bound.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "observe/metrics.hpp"

namespace togglecast::observe {
namespace {

// Help texts escape backslash and line end; values of labels also the quote.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quoted && c == '"')) out += '\\';
    out += c;
  }
}

void append_number(std::string& out, std::uint64_t value) { out += std::to_string(value); }

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "+Inf";
    return;
  }
  constexpr int kDigits = std::numeric_limits<double>::max_digits10 - 1;  // 0.1 + 0.2 reads 0.3
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, kDigits).ptr;
  out.append(text.data(), end);
}

void append_label(std::string& out, std::string_view key, std::string_view value) {
  out += out.back() == '{' ? "" : ",";
  out += key;
  out += "=\"";
  append_escaped(out, value, true);
  out += '"';
}

class FamilyWriter {
 public:
  FamilyWriter(std::string& out, const std::string& name) : out_(out), name_(name) {}

  void head(std::string_view help, std::string_view type) {
    if (!help.empty()) {
      out_.append("# HELP ").append(name_) += ' ';
      append_escaped(out_, help, false);
      out_ += '\n';
    }
    out_.append("# TYPE ").append(name_).append(" ").append(type) += '\n';
  }

  template <typename Number>
  void sample(std::string_view suffix, const Metrics::Labels& labels, Number value,
              std::string_view le = {}) {
    out_.append(name_).append(suffix);
    if (!labels.empty() || !le.empty()) {
      out_ += '{';
      for (const auto& [key, text] : labels) append_label(out_, key, text);
      if (!le.empty()) append_label(out_, "le", le);
      out_ += '}';
    }
    out_ += ' ';
    append_number(out_, value);
    out_ += '\n';
  }

  void histogram(const Metrics::Labels& labels, const Histogram& histogram) {
    const Histogram::Reading reading = histogram.read();
    sample("_count", labels, reading.cumulative.back());
    sample("_sum", labels, reading.sum);
    for (std::size_t i = 0; i < reading.cumulative.size(); ++i) {
      const bool last = i == histogram.bounds().size();
      std::string bound;
      append_number(bound, last ? std::numeric_limits<double>::infinity() : histogram.bounds()[i]);
      sample("_bucket", labels, reading.cumulative[i], bound);
    }
  }

 private:
  std::string& out_;
  const std::string& name_;
};

}  // namespace

std::string_view Metrics::name_of(Type type) noexcept {
  switch (type) {
    case Type::counter:
      return "counter";
    case Type::gauge:
      return "gauge";
    case Type::histogram:
      return "histogram";
  }
  return "untyped";
}

std::string Metrics::exposition() const {
  std::string text;
  const std::scoped_lock lock(mutex_);
  for (const auto& [name, family] : families_) {
    FamilyWriter writer(text, name);
    writer.head(family.help, name_of(family.type));
    for (const auto& [labels, series] : family.series) {
      if (series.read) {
        writer.sample("", labels, series.read());
      } else if (series.counter != nullptr) {
        writer.sample("", labels, static_cast<double>(series.counter->value()));
      } else if (series.gauge != nullptr) {
        writer.sample("", labels, static_cast<double>(series.gauge->value()));
      } else if (series.histogram != nullptr) {
        writer.histogram(labels, *series.histogram);
      }
    }
  }
  return text;
}

}  // namespace togglecast::observe
