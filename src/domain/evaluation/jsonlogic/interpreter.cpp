#include "domain/evaluation/jsonlogic/interpreter.hpp"

#include <cmath>

#include "domain/evaluation/jsonlogic/operations.hpp"

namespace togglecast::domain::evaluation {

template <bool kTraced>
class Run {
 public:
  Run(Interpreter& owner, const Program& program, Trace* trace)
      : owner_(owner),
        program_(&program),
        meter_(owner.meter_),
        work_{owner.memory_, owner.meter_},
        bucketing_(owner.bucketing_),
        trace_(trace) {}

  Value evaluate(std::uint32_t at, const Value& data) {
    if (!meter_.take(1)) return {};
    if constexpr (!kTraced) {
      return perform(program_->node(at), data);
    } else {
      ++depth_;
      const Value result = perform(program_->node(at), data);
      --depth_;
      record(at, result);
      return result;
    }
  }

 private:
  Value perform(const Node& node, const Value& data) {
    switch (node.op) {
      case Op::constant:
        return program_->constant(node);
      case Op::list:
        return list(node, data);
      case Op::call:
        return call(node, data);
      case Op::variable:
        return variable(node, data);
      case Op::if_else:
        return if_else(node, data);
      case Op::all_of:
        return first_with_truth(node, data, false);
      case Op::any_of:
        return first_with_truth(node, data, true);
      case Op::negate:
        return Value(!truthy(argument(node, 0, data)));
      case Op::truth:
        return Value(truthy(argument(node, 0, data)));
      case Op::equal:
      case Op::strict_equal:
      case Op::not_equal:
      case Op::strict_not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
        return comparison(node, data);
      case Op::subtract:
      case Op::divide:
      case Op::modulo:
        return arithmetic(node, data);
      case Op::in: {
        const Value needle = argument(node, 0, data);
        return is_in(needle, argument(node, 1, data), work_);
      }
      case Op::log:  // evaluation has no side effects; the trace shows it
        return argument(node, 0, data);
      case Op::map:
      case Op::filter:
        return visit_all(node, data);
      case Op::reduce:
        return reduce(node, data);
      case Op::all:
      case Op::none:
      case Op::some:
        return quantify(node, data);
      default:
        return with_all_arguments(node, data);
    }
  }

  Value argument(const Node& node, std::uint32_t index, const Value& data) {
    return index < node.count ? evaluate(node.first + index, data) : Value();
  }

  // What follows stays out of `perform`, so that the frames of nested conditions are small.

  // Those that need all their arguments, however many, before they begin.
  [[gnu::noinline]] Value with_all_arguments(const Node& node, const Value& data) {
    constexpr std::size_t kFew = 4;
    std::array<Value, kFew> few;
    const std::span<Value> arguments =
        node.count <= kFew ? std::span(few).first(node.count) : work_.values(node.count);
    for (std::uint32_t i = 0; i < arguments.size(); ++i) arguments[i] = evaluate(node.first + i, data);
    if (meter_.failure() != Failure::none) return {};
    switch (node.op) {
      case Op::computed_variable:
        return computed_variable(arguments, data, work_);
      case Op::missing:
        return missing(arguments, data, work_);
      case Op::missing_some:
        return missing_some(arguments, data, work_);
      case Op::add:
      case Op::multiply:
      case Op::min:
      case Op::max:
        return fold_numbers(node.op, arguments, work_);
      case Op::cat:
        return cat(arguments, work_);
      case Op::substr:
        return substr(arguments, work_);
      case Op::merge:
        return merge(arguments, work_);
      case Op::fractional:
        owner_.has_split_ = true;
        return fractional(arguments, data, bucketing_, work_);
      case Op::sem_ver:
        return sem_ver(arguments, work_);
      case Op::starts_with:
      case Op::ends_with:
        return affix(node.op, arguments, work_);
      default:
        return {};  // `perform` has done the others
    }
  }

  [[gnu::noinline]] Value list(const Node& node, const Value& data) {
    const auto out = work_.values(node.count);
    for (std::uint32_t i = 0; i < out.size(); ++i) out[i] = evaluate(node.first + i, data);
    return Value(out.data(), out.size());
  }

  Value call(const Node& node, const Value& data) {
    const Program* callee = program_->callee(node);
    if (callee == nullptr) {
      meter_.fail(Failure::no_shared_rule);
      owner_.lacking_ = program_->reference(node);
      return {};
    }
    const Program* caller = std::exchange(program_, callee);
    const std::string_view outer = std::exchange(shared_rule_, caller->reference(node));
    const Value result = evaluate(0, data);
    program_ = caller;
    shared_rule_ = outer;
    return result;
  }

  Value variable(const Node& node, const Value& data) {
    const Path& path = program_->path(node);
    if (path.segments.empty()) return data;
    const Value found = look_up(path, data, work_);
    if (!found.is_undefined()) return found;
    const Value fallback = argument(node, 0, data);
    return fallback.is_undefined() ? Value::null() : fallback;
  }

  Value if_else(const Node& node, const Value& data) {
    std::uint32_t i = 0;
    for (; i + 1 < node.count; i += 2) {
      if (truthy(evaluate(node.first + i, data))) return evaluate(node.first + i + 1, data);
    }
    return i < node.count ? evaluate(node.first + i, data) : Value::null();
  }

  // `and` stops at the first false value, `or` at the first true one; both give the last when none stops
  // them.
  Value first_with_truth(const Node& node, const Value& data, bool truth) {
    Value current;
    for (std::uint32_t i = 0; i < node.count; ++i) {
      current = evaluate(node.first + i, data);
      if (truthy(current) == truth) return current;
    }
    return current;
  }

  Value comparison(const Node& node, const Value& data) {
    const Value a = argument(node, 0, data);
    const Value b = argument(node, 1, data);
    switch (node.op) {
      case Op::equal:
        return Value(loose_equal(a, b, meter_));
      case Op::not_equal:
        return Value(!loose_equal(a, b, meter_));
      case Op::strict_equal:
        return Value(strict_equal(a, b, meter_));
      case Op::strict_not_equal:
        return Value(!strict_equal(a, b, meter_));
      case Op::greater:
        return Value(less(b, a, meter_));
      case Op::greater_equal:
        return Value(less_equal(b, a, meter_));
      default:
        break;
    }
    const auto in_order = [&](const Value& left, const Value& right) {
      return node.op == Op::less ? less(left, right, meter_) : less_equal(left, right, meter_);
    };
    const Value c = argument(node, 2, data);
    return Value(in_order(a, b) && (c.is_undefined() || in_order(b, c)));
  }

  [[gnu::noinline]] Value arithmetic(const Node& node, const Value& data) {
    const Value first = argument(node, 0, data);
    const Value second = argument(node, 1, data);
    const double a = to_number(first, meter_);
    if (node.op == Op::subtract && second.is_undefined()) return Value(-a);
    const double b = to_number(second, meter_);
    if (node.op == Op::subtract) return Value(a - b);
    return Value(node.op == Op::divide ? a / b : remainder(a, b));
  }

  // The library divides bit by bit as long as the exponents differ.
  double remainder(double a, double b) {
    constexpr int kBitsPerStep = 64;
    if (std::isnormal(a) && b != 0 && std::isfinite(b)) {
      const int bits = std::ilogb(a) - std::ilogb(b);
      if (bits > 0 && !meter_.take(static_cast<std::size_t>(bits / kBitsPerStep))) return 0;
    }
    return std::fmod(a, b);
  }

  [[gnu::noinline]] Value visit_all(const Node& node, const Value& data) {
    const Value array = argument(node, 0, data);
    if (!array.is_array()) return Value(static_cast<const Value*>(nullptr), 0);
    const auto out = work_.values(array.size());
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out.size() && meter_.take(1); ++i) {
      const Value element = array.at(i);
      const Value result = argument(node, 1, element);
      if (node.op == Op::map) {
        out[kept++] = result;
      } else if (truthy(result)) {
        out[kept++] = element;
      }
    }
    return Value(out.data(), kept);
  }

  [[gnu::noinline]] Value reduce(const Node& node, const Value& data) {
    const Value array = argument(node, 0, data);
    Value accumulator = node.count > 2 ? argument(node, 2, data) : Value::null();
    if (!array.is_array()) return accumulator;
    for (std::size_t i = 0; i < array.size() && meter_.take(1); ++i) {
      auto* pair = static_cast<Pair*>(work_.memory.allocate(sizeof(Pair), alignof(Pair)));
      new (pair) Pair{array.at(i), accumulator};  // the rule may keep it: {"var": ""}
      accumulator = argument(node, 1, Value(*pair));
    }
    return accumulator;
  }

  [[gnu::noinline]] Value quantify(const Node& node, const Value& data) {
    const Value array = argument(node, 0, data);
    if (!array.is_array() || array.size() == 0) return Value(node.op == Op::none);
    const bool stops_at = node.op != Op::all;  // `all` at the first false element, the others at a true one
    for (std::size_t i = 0; i < array.size() && meter_.take(1); ++i) {
      if (truthy(argument(node, 1, array.at(i))) == stops_at) return Value(node.op == Op::some);
    }
    return Value(node.op != Op::some);
  }

  void record(std::uint32_t at, const Value& result) {
    const Node& node = program_->node(at);
    if (node.op == Op::constant || node.op == Op::list || trace_->is_cut()) return;
    trace_->add(
        {program_->pointer_to(at), std::string(name_of(node.op)), std::string(shared_rule_), depth_, {}},
        result);
  }

  Interpreter& owner_;
  const Program* program_;
  Meter& meter_;
  Workspace work_;
  Bucketing bucketing_;
  Trace* trace_;
  std::size_t depth_ = 0;
  std::string_view shared_rule_;
};

Value Interpreter::evaluate(const Program& program, const Value& data, Trace* trace) {
  const Value result = trace == nullptr ? Run<false>(*this, program, nullptr).evaluate(0, data)
                                        : Run<true>(*this, program, trace).evaluate(0, data);
  return failure() == Failure::none ? result : Value();
}

std::string Interpreter::message() const {
  std::string text(describe(failure()));
  if (failure() == Failure::no_shared_rule) text += " \"" + std::string(lacking_) + '"';
  return text;
}

std::string_view describe(Failure failure) noexcept {
  switch (failure) {
    case Failure::none:
      return "";
    case Failure::too_many_steps:
      return "the rule took too many steps: it does too much, or with too long texts or lists";
    case Failure::too_deep:
      return "the rule made a value that is nested too deeply";
    case Failure::not_defined:
      return "an operator was given arguments for which it is not defined";
    case Failure::no_shared_rule:
      return "there is no valid shared rule";
  }
  return "";
}

}  // namespace togglecast::domain::evaluation
