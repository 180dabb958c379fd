#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>

#include "observe/metrics.hpp"

namespace togglecast::observe {
namespace {

prometheus::ClientMetric::Histogram to_prometheus(const Histogram& histogram) {
  const Histogram::Reading reading = histogram.read();
  prometheus::ClientMetric::Histogram out;
  out.sample_count = reading.cumulative.back();
  out.sample_sum = reading.sum;
  for (std::size_t i = 0; i < reading.cumulative.size(); ++i) {
    const bool last = i == histogram.bounds().size();
    out.bucket.push_back(
        {reading.cumulative[i], last ? std::numeric_limits<double>::infinity() : histogram.bounds()[i]});
  }
  return out;
}

}  // namespace

std::string Metrics::exposition() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, family] : families_) {
      prometheus::MetricFamily out;
      out.name = name;
      out.help = family.help;
      switch (family.type) {
        case Type::counter:
          out.type = prometheus::MetricType::Counter;
          break;
        case Type::gauge:
          out.type = prometheus::MetricType::Gauge;
          break;
        case Type::histogram:
          out.type = prometheus::MetricType::Histogram;
          break;
      }
      for (const auto& [labels, series] : family.series) {
        prometheus::ClientMetric metric;
        for (const auto& [key, value] : labels) metric.label.push_back({key, value});
        if (series.counter != nullptr) metric.counter.value = static_cast<double>(series.counter->value());
        if (series.gauge != nullptr) metric.gauge.value = static_cast<double>(series.gauge->value());
        if (series.read) {
          const double value = series.read();
          (family.type == Type::counter ? metric.counter.value : metric.gauge.value) = value;
        }
        if (series.histogram != nullptr) metric.histogram = to_prometheus(*series.histogram);
        out.metric.push_back(std::move(metric));
      }
      families.push_back(std::move(out));
    }
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

}  // namespace togglecast::observe
