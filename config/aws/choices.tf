variable "accounts" {
  description = "Usernames of X to follow from the first boot on."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.accounts : can(regex("^@?[A-Za-z0-9_]{1,15}$", name))])
    error_message = "accounts are usernames of X: 1 to 15 letters, digits and underscores each."
  }

  validation {
    condition     = length(var.accounts) <= 500
    error_message = "accounts are 500 at most, which is what the script of the first boot can hold: add the others with collector accounts import FILE."
  }
}

variable "schedule" {
  description = "When Airflow collects, as cron in UTC."
  type        = string
  default     = "*/15 * * * *"

  validation {
    condition     = can(regex("^[0-9A-Za-z*/,-]+( [0-9A-Za-z*/,-]+){4}$", var.schedule))
    error_message = "schedule is a cron expression of five fields, such as */15 * * * *."
  }
}

variable "max_usd_per_month" {
  description = "The most dollars that X may be paid in a UTC month; null: no limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_usd_per_month == null || try(var.max_usd_per_month > 0, false)
    error_message = "max_usd_per_month is more than 0."
  }
}

variable "max_tweets_per_day" {
  description = "The most tweets that a UTC day may read; null: no limit."
  type        = number
  default     = null

  validation {
    condition     = var.max_tweets_per_day == null || try(var.max_tweets_per_day >= 1 && floor(var.max_tweets_per_day) == var.max_tweets_per_day, false)
    error_message = "max_tweets_per_day is a whole number, 1 or more."
  }
}

variable "alarm_email" {
  description = "Where alarms are sent; AWS asks this address to confirm first. null: nobody is told."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+\\.[^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email is an e-mail address."
  }
}

variable "max_lag_minutes" {
  description = "How far behind the collection may be before an alarm is raised."
  type        = number
  default     = 120

  validation {
    condition     = var.max_lag_minutes >= 5 && floor(var.max_lag_minutes) == var.max_lag_minutes
    error_message = "max_lag_minutes is a whole number, 5 or more."
  }
}

variable "raw_days" {
  description = "How many days X's answers are kept as they were. An open batch needs them: they must outlive every outage of yours."
  type        = number
  default     = 30

  validation {
    condition     = var.raw_days >= 7 && floor(var.raw_days) == var.raw_days
    error_message = "raw_days is a whole number, 7 or more: a batch that is not yet published needs its raw parts."
  }
}

variable "old_version_days" {
  description = "How many days S3 keeps what was deleted or overwritten."
  type        = number
  default     = 30

  validation {
    condition     = var.old_version_days >= 1 && floor(var.old_version_days) == var.old_version_days
    error_message = "old_version_days is a whole number, 1 or more."
  }
}

variable "query_gb" {
  description = "The most GB that one query of Athena may scan (about $0.005 each)."
  type        = number
  default     = 100

  validation {
    condition     = var.query_gb >= 1
    error_message = "query_gb is 1 or more."
  }
}

variable "kms_key_arn" {
  description = "A KMS key for bucket, secrets, volumes, database and logs; by default keys that AWS keeps, which cost nothing."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a KMS key (not of an alias)."
  }
}

variable "force_destroy" {
  description = "true, once applied, lets terraform destroy delete the tweets, the database and the state for good; until then it refuses."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags for all resources."
  type        = map(string)
  default     = {}
}
