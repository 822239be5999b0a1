/** One length of a month for everything on the page: a twelfth of a year of 365 days, as AWS's own calculator has it. */
export const hoursAMonth = 730;
export const minutesAMonth = hoursAMonth * 60;
export const secondsAMonth = hoursAMonth * 3_600;
export const daysAMonth = hoursAMonth / 24;
