// Everything an application needs.
#pragma once

#include <millrace/app/run_app.hpp>
#include <millrace/app/streams.hpp>
#include <millrace/config/parse_config.hpp>
#include <millrace/dsl/streams_builder.hpp>
#include <millrace/serde/basic.hpp>
#include <millrace/serde/json.hpp>
